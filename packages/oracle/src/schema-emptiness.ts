import type { Json } from "@hireforhumans/protocol";

/** Least and most of the same thing, by the type of value that they bind. */
const ranges = [
  ["string", "minLength", "maxLength"],
  ["array", "minItems", "maxItems"],
  ["object", "minProperties", "maxProperties"],
  ["number", "minimum", "maximum"],
] as const;

/**
 * Why no value fits a JSON Schema, where that is plain to see: this finds what people write by mistake, not every
 * contradiction (telling them all is not feasible). Undefined where none is seen.
 */
export function emptinessOf(schema: Json | undefined): string | undefined {
  if (schema === false) return "a schema that is false fits nothing";
  if (!isObject(schema)) return undefined;
  return (
    emptyForm(schema) ??
    typesOf(schema)
      .map((type) => emptyRange(schema, type) ?? emptyMember(schema, type))
      .reduce((left, right) => (left === undefined || right === undefined ? undefined : left))
  );
}

function emptyForm(schema: Record<string, Json>): string | undefined {
  const { enum: values, not, allOf, anyOf, oneOf } = schema;
  if (Array.isArray(values) && values.length === 0) return "its enum is empty";
  if (not === true || (isObject(not) && Object.keys(not).length === 0)) return "it forbids every value (not)";
  const all = Array.isArray(allOf) ? allOf : [];
  for (const part of all) {
    const empty = emptinessOf(part);
    if (empty !== undefined) return empty;
  }
  for (const choices of [anyOf, oneOf]) {
    if (Array.isArray(choices) && choices.length > 0 && choices.every((each) => emptinessOf(each) !== undefined))
      return "none of its alternatives can be met";
  }
  const common = [schema, ...all.filter(isObject)].map(typesOf).reduce((left, right) => meet(left, right));
  return common.length === 0 ? "its types exclude each other" : undefined;
}

function emptyRange(schema: Record<string, Json>, type: string): string | undefined {
  for (const [bound, least, most] of ranges) {
    const [from, to] = [schema[least], schema[most]];
    if (bound !== type && !(bound === "number" && type === "integer")) continue;
    if (typeof from === "number" && typeof to === "number" && from > to)
      return `${least} ${from} is above ${most} ${to}`;
  }
  return undefined;
}

function emptyMember(schema: Record<string, Json>, type: string): string | undefined {
  const { required, properties } = schema;
  if (type !== "object" || !Array.isArray(required)) return undefined;
  for (const name of required) {
    const member = isObject(properties) && typeof name === "string" ? properties[name] : undefined;
    const empty = emptinessOf(member);
    if (empty !== undefined) return `${JSON.stringify(name)} is required, and ${empty}`;
  }
  return undefined;
}

const allTypes = ["null", "boolean", "object", "array", "number", "integer", "string"];

function typesOf({ type }: Record<string, Json>): string[] {
  if (typeof type === "string") return [type];
  return Array.isArray(type) && type.length > 0 ? type.map(String) : allTypes;
}

const meet = (left: string[], right: string[]): string[] =>
  left.filter(
    (type) =>
      right.includes(type) ||
      (type === "integer" && right.includes("number")) ||
      (type === "number" && right.includes("integer")),
  );

const isObject = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
