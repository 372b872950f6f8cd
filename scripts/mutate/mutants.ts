import { createHash } from "node:crypto";
import { listOf, memberOf, rangeOf, textOf, walk, type Node, type Range } from "./ast.ts";
import type { Sources } from "./compile.ts";
import { editsOf, type Edit } from "./operators.ts";

/** A program that differs from ours in one place. */
export interface Mutant {
  /** Of file, function and change, so that it stays when lines are moved. */
  id: string;
  path: string;
  line: number;
  /** The function or constant that is changed. */
  scope: string;
  operator: string;
  original: string;
  mutated: string;
  edit: Edit;
  /** External functions that reach the change, the nearest first. */
  operations: string[];
}

/** Files that hold no code that is deployed. */
const TESTING = "contracts/testing/";

/** Every mutant of our contracts that the operators know, in the order of the sources. */
export function mutantsOf(sources: Sources, trees: Map<string, Node>): Mutant[] {
  const program = new Program(trees);
  return [...trees].flatMap(([path, tree]) => {
    const source = sources.get(path);
    return source === undefined || path.startsWith(TESTING)
      ? []
      : mutantsOfFile(path, Buffer.from(source), tree, program);
  });
}

/** The source with the mutant's change in it. */
export function mutate(source: string, { start, end, text }: Edit): string {
  const bytes = Buffer.from(source);
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]).toString();
}

function mutantsOfFile(path: string, source: Buffer, tree: Node, program: Program): Mutant[] {
  const sourceOf = ({ start, end }: Range) => source.subarray(start, end).toString();
  const around = { sourceOf, declarationOf: (node: Node) => program.declarationOf(node) };
  const seen = new Map<string, number>();
  const mutants: Mutant[] = [];
  for (const [node, ancestors] of walk(tree)) {
    const scope = scopeOf(node, ancestors);
    if (scope === undefined) continue;
    for (const edit of editsOf(node, { ...around, ancestors })) {
      const [original, mutated] = shown(edit, [node, ...ancestors], sourceOf);
      if (original === mutated) continue;
      const name = nameOf(scope);
      const key = [path, name, edit.operator, original, mutated].join("\0");
      const nth = seen.get(key) ?? 0;
      seen.set(key, nth + 1);
      const line = sourceOf({ start: 0, end: edit.start }).split("\n").length;
      const id = createHash("sha256").update(`${key}\0${nth}`).digest("hex").slice(0, 8);
      const operations = program.operationsThatReach(scope);
      mutants.push({ id, path, line, scope: name, operator: edit.operator, original, mutated, edit, operations });
    }
  }
  return mutants;
}

/** The function whose code, or the constant whose value a node belongs to; undefined for declarations. */
function scopeOf(node: Node, ancestors: Node[]): Node | undefined {
  const path = [node, ...ancestors];
  for (const [i, scope] of path.entries()) {
    const inside = path[i - 1];
    if (inside === undefined) continue;
    if (["FunctionDefinition", "ModifierDefinition"].includes(scope.nodeType)) {
      return inside === memberOf(scope, "body") || listOf(scope, "modifiers").includes(inside) ? scope : undefined;
    }
    const isValue = scope.nodeType === "VariableDeclaration" && inside === memberOf(scope, "value");
    if (isValue && ["ContractDefinition", "SourceUnit"].includes(path[i + 1]?.nodeType ?? "")) return scope;
  }
  return undefined;
}

function nameOf(scope: Node): string {
  return textOf(scope, "name") || textOf(scope, "kind");
}

/** The change in words that can be read: a lone number or name is shown with what stands around it. */
function shown(edit: Edit, path: Node[], sourceOf: (range: Range) => string): [original: string, mutated: string] {
  const ranges = path.map(rangeOf).filter(({ start, end }) => start <= edit.start && edit.end <= end);
  const short = ranges.filter(({ start, end }) => end - start <= 100);
  const range = short.find(({ start, end }) => end - start >= 12) ?? short.at(-1) ?? edit;
  const original = sourceOf(range);
  const mutated = mutate(original, { ...edit, start: edit.start - range.start, end: edit.end - range.start });
  return [oneLine(original), oneLine(mutated)];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Who calls whom. */
class Program {
  readonly #nodes = new Map<number, { node: Node; parent: Node | undefined }>();
  /** The functions and constants that name a declaration. */
  readonly #users = new Map<number, Set<Node>>();

  constructor(trees: Map<string, Node>) {
    for (const tree of trees.values()) {
      for (const [node, ancestors] of walk(tree)) {
        this.#nodes.set(node.id, { node, parent: ancestors[0] });
        const named = node["referencedDeclaration"];
        const user = scopeOf(node, ancestors);
        if (typeof named !== "number" || user === undefined) continue;
        this.#users.set(named, (this.#users.get(named) ?? new Set()).add(user));
      }
    }
  }

  declarationOf(node: Node): { node: Node; parent: Node | undefined } | undefined {
    const named = node["referencedDeclaration"];
    return typeof named === "number" ? this.#nodes.get(named) : undefined;
  }

  operationsThatReach(scope: Node): string[] {
    const reached = new Set([scope]);
    // A set is walked in the order of its growth: breadth first.
    for (const next of reached) for (const user of this.#users.get(next.id) ?? []) reached.add(user);
    const operations = [...reached].filter((node) => ["external", "public"].includes(textOf(node, "visibility")));
    return [...new Set(operations.map(nameOf))];
  }
}
