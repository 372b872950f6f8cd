import { listOf, memberOf, rangeOf, textOf, typeOf, type Node, type Range } from "./ast.ts";

/** A change of one place of a file, in bytes. */
export interface Edit extends Range {
  operator: string;
  text: string;
}

/** What an operator sees of the program around a node. */
export interface Surroundings {
  /** The nearest first. */
  ancestors: Node[];
  /** A node's source. */
  sourceOf: (range: Range) => string;
  /** The declaration that an identifier or a member access names. */
  declarationOf: (node: Node) => { node: Node; parent: Node | undefined } | undefined;
}

type Operator = (node: Node, around: Surroundings) => Edit[];

/** Every change that the operators know for this node. */
export function editsOf(node: Node, around: Surroundings): Edit[] {
  return (operators[node.nodeType] ?? []).flatMap((operator) => operator(node, around));
}

const binary: Record<string, { operator: string; others: string[] }> = {
  "<": { operator: "relation", others: ["<=", ">="] },
  "<=": { operator: "relation", others: ["<", ">"] },
  ">": { operator: "relation", others: [">=", "<="] },
  ">=": { operator: "relation", others: [">", "<"] },
  "==": { operator: "equality", others: ["!="] },
  "!=": { operator: "equality", others: ["=="] },
  "+": { operator: "arithmetic", others: ["-", "*"] },
  "-": { operator: "arithmetic", others: ["+"] },
  "*": { operator: "arithmetic", others: ["/", "+"] },
  "/": { operator: "arithmetic", others: ["*"] },
  "%": { operator: "arithmetic", others: ["/"] },
  "**": { operator: "arithmetic", others: ["*"] },
  "<<": { operator: "bits", others: [">>"] },
  ">>": { operator: "bits", others: ["<<"] },
  "&": { operator: "bits", others: ["|"] },
  "|": { operator: "bits", others: ["&"] },
  "^": { operator: "bits", others: ["&"] },
  "&&": { operator: "logic", others: ["||"] },
  "||": { operator: "logic", others: ["&&"] },
};

const assignments: Record<string, string[]> = {
  "+=": ["-=", "="],
  "-=": ["+=", "="],
  "*=": ["/=", "="],
  "/=": ["*=", "="],
  "|=": ["&=", "="],
  "&=": ["|=", "="],
  "<<=": [">>="],
  ">>=": ["<<="],
};

const operators: Record<string, Operator[]> = {
  BinaryOperation: [
    (node, around) => {
      const { operator, others } = binary[textOf(node, "operator")] ?? { operator: "", others: [] };
      return others.flatMap((other) => betweenOperands(node, around, operator, other));
    },
    (node, { sourceOf }) => {
      if (!["&&", "||"].includes(textOf(node, "operator"))) return [];
      return operandsOf(node).map((operand) => replace(node, "operand", sourceOf(rangeOf(operand))));
    },
  ],
  Assignment: [
    (node, around) =>
      (assignments[textOf(node, "operator")] ?? []).flatMap((other) =>
        betweenOperands(node, around, "assignment", other),
      ),
  ],
  UnaryOperation: [
    (node, { sourceOf }) => {
      const operand = memberOf(node, "subExpression");
      const operator = textOf(node, "operator");
      if (operand === undefined) return [];
      const opposite = { "++": "--", "--": "++" }[operator];
      if (opposite !== undefined)
        return [replace(node, "increment", sourceOf(rangeOf(node)).replace(operator, opposite))];
      return ["!", "~", "-"].includes(operator) ? [replace(node, "negation", sourceOf(rangeOf(operand)))] : [];
    },
  ],
  IfStatement: [(node, around) => ofCondition(node, around, ["true", "false"])],
  WhileStatement: [(node, around) => ofCondition(node, around, ["false"])],
  ForStatement: [(node, around) => ofCondition(node, around, ["false"]), deletion],
  Conditional: [
    (node, around) => ofCondition(node, around, []),
    (node, { sourceOf }) =>
      ["trueExpression", "falseExpression"]
        .map((member) => memberOf(node, member))
        .filter((branch) => branch !== undefined)
        .map((branch) => replace(node, "condition", sourceOf(rangeOf(branch)))),
  ],
  Literal: [literal],
  MemberAccess: [enumMember],
  FunctionCall: [argumentSwap, argumentForCall, requirement],
  TupleExpression: [(node, around) => swaps(node, listOf(node, "components"), around)],
  Return: [returnedValue, deletion],
  ExpressionStatement: [deletion],
  EmitStatement: [deletion],
  RevertStatement: [deletion],
  TryStatement: [deletion],
  ModifierInvocation: [
    (node) => (textOf(node, "kind") === "modifierInvocation" ? [replace(node, "modifier", "")] : []),
  ],
};

function replace(node: Node, operator: string, text: string): Edit {
  return { operator, text, ...rangeOf(node) };
}

function operandsOf(node: Node): Node[] {
  return ["leftExpression", "rightExpression", "leftHandSide", "rightHandSide"]
    .map((member) => memberOf(node, member))
    .filter((operand) => operand !== undefined);
}

function betweenOperands(node: Node, { sourceOf }: Surroundings, operator: string, other: string): Edit[] {
  const [left, right] = operandsOf(node);
  if (left === undefined || right === undefined) return [];
  const gap = { start: rangeOf(left).end, end: rangeOf(right).start };
  return [{ operator, text: sourceOf(gap).replace(textOf(node, "operator"), other), ...gap }];
}

function ofCondition(node: Node, { sourceOf }: Surroundings, constants: string[]): Edit[] {
  const condition = memberOf(node, "condition");
  if (condition === undefined) return [];
  return [`!(${sourceOf(rangeOf(condition))})`, ...constants].map((text) => replace(condition, "condition", text));
}

function requirement(node: Node, { sourceOf }: Surroundings): Edit[] {
  const callee = memberOf(node, "expression");
  const [condition] = listOf(node, "arguments");
  if (callee === undefined || condition === undefined) return [];
  if (!["require", "assert"].includes(textOf(callee, "name"))) return [];
  return [replace(condition, "condition", `!(${sourceOf(rangeOf(condition))})`)];
}

function literal(node: Node, { ancestors, sourceOf }: Surroundings): Edit[] {
  const source = sourceOf(rangeOf(node));
  if (ancestors.some(({ nodeType }) => nodeType === "ArrayTypeName")) return [];
  if (source === "true" || source === "false") return [replace(node, "constant", source === "true" ? "false" : "true")];
  if (textOf(node, "kind") === "string") return /^["']{2}$/.test(source) ? [] : [replace(node, "constant", '""')];
  const [digits = "", ...unit] = source.split(" ");
  const value = numberOf(digits);
  if (value === undefined) return [];
  const others = new Set([value + 1n, ...(value > 0n ? [value - 1n, 0n] : [])]);
  return [...others].map((other) => replace(node, "constant", [other, ...unit].join(" ")));
}

/** Whole numbers, also as 10_000, 1e18 or 0xff; undefined for addresses and fractions. */
function numberOf(digits: string): bigint | undefined {
  const plain = digits.replaceAll("_", "");
  if (/^(\d+|0x[\da-f]{1,39})$/i.test(plain)) return BigInt(plain);
  const [, mantissa, exponent] = /^(\d+)e(\d+)$/i.exec(plain) ?? [];
  return mantissa === undefined || exponent === undefined ? undefined : BigInt(mantissa) * 10n ** BigInt(exponent);
}

function enumMember(node: Node, { declarationOf }: Surroundings): Edit[] {
  const declaration = declarationOf(node);
  if (declaration?.node.nodeType !== "EnumValue" || declaration.parent === undefined) return [];
  const members = listOf(declaration.parent, "members").map((member) => textOf(member, "name"));
  const next = members[(members.indexOf(textOf(node, "memberName")) + 1) % members.length];
  const enumName = memberOf(node, "expression");
  if (next === undefined || enumName === undefined) return [];
  return [{ operator: "enum", text: `.${next}`, start: rangeOf(enumName).end, end: rangeOf(node).end }];
}

function argumentSwap(node: Node, around: Surroundings): Edit[] {
  const names = node["names"];
  if (textOf(node, "kind") === "typeConversion" || (Array.isArray(names) && names.length > 0)) return [];
  return swaps(node, listOf(node, "arguments"), around);
}

/** Every two values of a list that could take each other's place. */
function swaps(node: Node, values: Node[], { sourceOf }: Surroundings): Edit[] {
  const whole = rangeOf(node);
  return values.flatMap((first, i) =>
    values
      .slice(i + 1)
      .filter((second) => widthless(first) === widthless(second))
      .filter((second) => sourceOf(rangeOf(first)) !== sourceOf(rangeOf(second)))
      .map((second) => {
        const [a, b] = [rangeOf(first), rangeOf(second)];
        const parts = [
          { start: whole.start, end: a.start },
          b,
          { start: a.end, end: b.start },
          a,
          { start: b.end, end: whole.end },
        ];
        return replace(node, "swap", parts.map(sourceOf).join(""));
      }),
  );
}

/** Numbers of all widths are one type here; where they don't fit each other, the mutant doesn't compile and is dropped. */
function widthless(node: Node): string {
  return typeOf(node).replace(/^(uint\d*|int_const .*)$/, "number");
}

function argumentForCall(node: Node, { ancestors, sourceOf }: Surroundings): Edit[] {
  if (textOf(node, "kind") !== "functionCall" || ancestors[0]?.nodeType === "ExpressionStatement") return [];
  return listOf(node, "arguments")
    .filter((argument) => typeOf(argument) === typeOf(node))
    .map((argument) => replace(node, "call", sourceOf(rangeOf(argument))));
}

function returnedValue(node: Node, { sourceOf }: Surroundings): Edit[] {
  const value = memberOf(node, "expression");
  if (value === undefined || value.nodeType === "Literal") return [];
  const source = sourceOf(rangeOf(value));
  const type = typeOf(value);
  if (type === "bool") return [replace(value, "return", `!(${source})`)];
  if (type === "address") return [replace(value, "return", "address(0)")];
  if (type === "bytes32") return [replace(value, "return", "bytes32(0)")];
  return /^uint\d*$/.test(type) ? [replace(value, "return", "0"), replace(value, "return", `(${source}) + 1`)] : [];
}

function deletion(node: Node, { ancestors, sourceOf }: Surroundings): Edit[] {
  const { start, end } = rangeOf(node);
  if (isOnlyBodyOfIf(ancestors, node) || ancestors[0]?.nodeType === "ForStatement") return [];
  // A function that ends without its last return answers zero: `returnedValue` does that.
  if (node.nodeType === "Return" && ancestors[1]?.nodeType === "FunctionDefinition") return [];
  const semicolon = /^\s*;/.exec(sourceOf({ start: end, end: end + 8 }))?.[0] ?? "";
  return [{ operator: "deletion", text: "{}", start, end: end + semicolon.length }];
}

/** There, a condition that is always false does the same. */
function isOnlyBodyOfIf([parent, grandparent]: Node[], node: Node): boolean {
  if (parent === undefined) return false;
  const block = parent.nodeType === "Block" && listOf(parent, "statements").length === 1;
  const branch = block ? grandparent : parent;
  const body = block ? parent : node;
  return branch?.nodeType === "IfStatement" && memberOf(branch, "trueBody") === body && !memberOf(branch, "falseBody");
}
