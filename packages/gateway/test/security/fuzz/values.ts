import fc, { type Arbitrary } from "fast-check";
import type { Json } from "@hireforhumans/protocol";

/** A JSON schema as OpenAPI 3.1 has it, as far as ours goes. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: Json;
  enum?: Json[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  example?: Json;
  examples?: Json[];
}

export interface Vocabulary {
  /** `components.schemas` of the document. */
  components: Record<string, Schema>;
  /** Ids that exist, by what they begin with: `job`, `whk` … */
  ids: Record<string, string[]>;
}

/** What was a hole in somebody's server once. */
export const nastyTexts = [
  "",
  " ",
  "\0",
  "\u0000id",
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "' or 1=1 --",
  '"; drop table jobs; --',
  "%00",
  "%s%s%n",
  "../../../../etc/passwd",
  "{{7*7}}${7*7}",
  "<script>alert(1)</script>",
  "\u202egpj.exe",
  "\ud800",
  "\udfff\ud800",
  "\ufeff",
  "İıſK",
  "ﷺ".repeat(50),
  "a".repeat(3_000),
  "9".repeat(400),
  "1e400",
  "-0",
  "0x10",
  "NaN",
  "Infinity",
  "null",
  "true",
  "[]",
  "2026-02-30T25:61:61Z",
  "http://[::ffff:a9fe:a9fe]/",
  "https://user:pass@example.com/",
  "javascript:alert(1)",
  "file:///etc/passwd",
] as const;

export const nastyValues: readonly Json[] = [
  ...nastyTexts,
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.1,
  1e21,
  1e308,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 2,
  -Number.MAX_SAFE_INTEGER,
  2 ** 31,
  2 ** 63,
  [],
  {},
  [[]],
  [null],
  { toString: "x" },
  { constructor: { prototype: { polluted: true } } },
  Array.from({ length: 300 }, () => 0),
];

/** Values that fit the schema, near enough: what a refinement asks beyond it is met by the examples. */
export function valueOf(schema: Schema, vocabulary: Vocabulary, depth = 0): Arbitrary<Json | undefined> {
  const known = knownOf(schema, vocabulary);
  const made = madeOf(schema, vocabulary, depth);
  return known.length === 0
    ? made
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: made });
}

/** The schema's own examples, and ids that exist in their place. */
function knownOf(schema: Schema, { ids }: Vocabulary): Json[] {
  const examples = [...(schema.example === undefined ? [] : [schema.example]), ...(schema.examples ?? [])];
  return examples.flatMap((example) => {
    const prefix = typeof example === "string" ? (/^([a-z]{3})_[0-7][0-9a-z]{25}$/.exec(example)?.[1] ?? "") : "";
    return [example, ...(ids[prefix] ?? [])];
  });
}

function madeOf(schema: Schema, vocabulary: Vocabulary, depth: number): Arbitrary<Json | undefined> {
  if (schema.$ref !== undefined) {
    const target = vocabulary.components[schema.$ref.split("/").at(-1) ?? ""];
    return target === undefined ? fc.constant(null) : valueOf(target, vocabulary, depth + 1);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valueOf(choice, vocabulary, depth)));
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((part) => valueOf(part, vocabulary, depth)))
      .map((parts) => Object.assign({}, ...parts) as Json);
  }
  if (Array.isArray(schema.type)) {
    return fc.oneof(...schema.type.map((type) => valueOf({ ...schema, type }, vocabulary, depth)));
  }
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
      return fc.integer({ min: schema.minimum ?? -(2 ** 40), max: Math.min(schema.maximum ?? 2 ** 40, 2 ** 52) });
    case "number":
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valueOf(schema.items ?? {}, vocabulary, depth + 1), {
        minLength: Math.min(schema.minItems ?? 0, 5),
        maxLength: depth > 3 ? (schema.minItems ?? 0) : Math.min(schema.maxItems ?? 4, 4),
      }) as Arbitrary<Json>;
    case "object":
      return objectOf(schema, vocabulary, depth);
    default:
      return fc.jsonValue({ maxDepth: 3 }) as Arbitrary<Json>;
  }
}

function textOf({ pattern, format, minLength = 0, maxLength = 60 }: Schema): Arbitrary<string> {
  if (pattern !== undefined) {
    // Lookaround and the like are beyond the generator; such texts come from the examples.
    try {
      return fc.stringMatching(new RegExp(pattern, "u"), { size: "-1" });
    } catch {
      return fc.string({ maxLength: 20 });
    }
  }
  if (format === "uri") return fc.webUrl();
  if (format === "date-time") {
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("2099-01-01") })
      .map((date) => date.toISOString());
  }
  return fc.string({
    unit: "binary",
    minLength: Math.min(minLength, 100),
    maxLength: Math.max(minLength, Math.min(maxLength, 60)),
  });
}

function objectOf(schema: Schema, vocabulary: Vocabulary, depth: number): Arbitrary<Json> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const members = Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => depth < 4 || required.includes(name))
      .map(([name, member]) => [name, valueOf(member, vocabulary, depth + 1)]),
  );
  const own = fc.record(members, { requiredKeys: required.filter((name) => name in members), noNullPrototype: true });
  if (typeof additionalProperties !== "object" || Object.keys(properties).length > 0) return own as Arbitrary<Json>;
  return fc.dictionary(fc.string({ maxLength: 12 }), valueOf(additionalProperties, vocabulary, depth + 1), {
    maxKeys: 3,
    noNullPrototype: true,
  }) as Arbitrary<Json>;
}
