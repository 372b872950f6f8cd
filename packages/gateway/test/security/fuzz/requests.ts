import fc, { type Arbitrary } from "fast-check";
import type { Json, Route } from "@hireforhumans/protocol";
import type { Role } from "../world.ts";
import { nastyTexts, nastyValues, type Schema, valueOf, type Vocabulary } from "./values.ts";

/** One operation of the OpenAPI document. */
export interface Operation {
  operationId: string;
  method: string;
  /** With `{name}` for its parameters. */
  path: string;
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[];
  /** Of a JSON body; undefined where it takes none or another kind. */
  body: Schema | undefined;
  /** By status: the JSON schema of the answer, null where it has none. */
  responses: Map<number, Schema | null>;
}

export interface FuzzRequest {
  operation: Operation;
  role: Role;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
  /** Whether the path still is one of this operation. */
  onRoute: boolean;
}

export interface Roles {
  /** Every role there is. */
  all: readonly Role[];
  /** Those that may call it. */
  allowed(operationId: string): readonly Role[];
}

/** Requests to one operation, half of them as the document says and half of them broken in one way or another. */
export function requestTo(operation: Operation, vocabulary: Vocabulary, roles: Roles): Arbitrary<FuzzRequest> {
  const allowed = roles.allowed(operation.operationId);
  const role = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...(allowed.length > 0 ? allowed : roles.all)) },
    { weight: 1, arbitrary: fc.constantFrom(...roles.all) },
  );
  return fc
    .record({
      role,
      path: pathTo(operation, vocabulary),
      query: queryOf(operation, vocabulary),
      headers: headersOf(operation),
      body: operation.method === "GET" ? fc.constant(undefined) : bodyOf(operation, vocabulary),
    })
    .map(({ role, path, query, headers, body }) => ({
      operation,
      role,
      method: operation.method,
      path: query === "" ? path.text : `${path.text}?${query}`,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      body,
      onRoute: path.onRoute,
    }));
}

function pathTo(
  { path, parameters }: Operation,
  vocabulary: Vocabulary,
): Arbitrary<{ text: string; onRoute: boolean }> {
  const named = parameters.filter((parameter) => parameter.in === "path");
  if (named.length === 0) {
    return fc.oneof(
      { weight: 30, arbitrary: fc.constant({ text: path, onRoute: true }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom("/", "//", "/%zz", "/..%2f").map((end) => ({ text: path + end, onRoute: false })),
      },
    );
  }
  const segment = (schema: Schema) =>
    fc.oneof(
      { weight: 5, arbitrary: valueOf(schema, vocabulary).map((value) => encodeURIComponent(asText(value))) },
      { weight: 1, arbitrary: fc.constantFrom(...nastyTexts).map((text) => encodeURIComponent(text.toWellFormed())) },
      { weight: 1, arbitrary: fc.constantFrom("%zz", "%ff%fe", "%c0%ae", "..", "%2e%2e", "a%2fb", "~", "'") },
    );
  return fc.tuple(...named.map(({ schema }) => segment(schema))).map((values) => {
    const text = named.reduce((filled, { name }, index) => filled.replace(`{${name}}`, values[index] ?? ""), path);
    return { text, onRoute: values.every((value) => !/^(%zz|%ff%fe|%c0%ae|\.\.|%2e%2e|)$/i.test(value)) };
  });
}

const asText = (value: Json | undefined): string =>
  typeof value === "string" ? value.toWellFormed() : JSON.stringify(value ?? null);

function queryOf({ parameters }: Operation, vocabulary: Vocabulary): Arbitrary<string> {
  const named = parameters.filter((parameter) => parameter.in === "query");
  const pair = (name: string, value: Json | undefined) =>
    `${encodeURIComponent(name)}=${encodeURIComponent(asText(value))}`;
  const good = fc
    .record(Object.fromEntries(named.map(({ name, schema }) => [name, valueOf(schema, vocabulary)])), {
      requiredKeys: named.filter(({ required }) => required === true).map(({ name }) => name),
      noNullPrototype: true,
    })
    .map((values) =>
      Object.entries(values)
        .map(([name, value]) => pair(name, value as Json))
        .join("&"),
    );
  const names = [...named.map(({ name }) => name), "cursor", "__proto__", "constructor", "limit[]", "a[b][c]"];
  const bad = fc
    .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...nastyTexts)), { minLength: 1, maxLength: 4 })
    .map((pairs) => pairs.map(([name, value]) => pair(name, value)).join("&"));
  return fc.oneof(
    { weight: named.length > 0 ? 6 : 12, arbitrary: good },
    { weight: 1, arbitrary: bad },
    { weight: 1, arbitrary: fc.tuple(good, bad).map((both) => both.filter((part) => part !== "").join("&")) },
  );
}

const header = (name: string, ...values: string[]) => fc.constantFrom(...values).map((value) => ({ [name]: value }));

function headersOf({ method }: Operation): Arbitrary<Record<string, string>> {
  const any: Arbitrary<Record<string, string>>[] = [
    header("accept", "application/json", "text/html", "text/event-stream", "*/*", "x", "a/b;q=x", ",,,"),
    header("x-request-id", "fine-request", 'a"b', "<script>", "a".repeat(200)),
    header("x-forwarded-for", "127.0.0.1", "::1", "nonsense", "1.2.3.4, 5.6.7.8"),
    header("range", "bytes=0-", "bytes=-1", "bytes=9-1"),
    header("last-event-id", "0", "-1", "99999999999999999999", "x", "1e9", "__proto__"),
    header("idempotency-key", "one", "x".repeat(256), "é", "__proto__", " ", "\u00ff"),
    header("if-none-match", "*", 'W/"x"'),
    header("x-http-method-override", "DELETE"),
  ];
  const withBody: Arbitrary<Record<string, string>>[] = [
    header(
      "content-type",
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/json; charset=utf-16",
      "application/JSON",
      "a",
      "multipart/form-data; boundary=x",
    ),
    header("content-encoding", "gzip", "br", "identity", "deflate, gzip"),
  ];
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.oneof(...any) },
    ...(method === "GET" ? [] : [{ weight: 1, arbitrary: fc.oneof(...withBody) }]),
  );
}

/** Texts that are no JSON, or JSON that parsers have tripped over. */
const rawBodies: readonly (string | Uint8Array)[] = [
  "",
  " ",
  "{",
  "[",
  "null",
  "0",
  '""',
  "[]",
  "[{}]",
  "{]",
  "{'a': 1}",
  '{"a": 01}',
  '{"a": 1,}',
  '{"a": NaN}',
  '{"reward": 1e999}',
  '{"reward": 123456789012345678901234567890.123456789}',
  '{"reward": "1", "reward": "2"}',
  '{"__proto__": {"polluted": true}}',
  '{"constructor": {"prototype": {"polluted": true}}}',
  '{"\\u0000": 1}',
  '{"\\ud800": "\\udc00"}',
  '{"a": "\\ud800"}',
  '\ufeff{"a": 1}',
  "[".repeat(31) + "]".repeat(31),
  "[".repeat(33) + "]".repeat(33),
  "[".repeat(20_000),
  '{"a":'.repeat(5_000),
  JSON.stringify({ description: "x".repeat(200_000) }),
  `{${Array.from({ length: 5_000 }, (_, index) => `"k${index}":0`).join(",")}}`,
  new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  new Uint8Array([0xc0, 0x80]),
  new Uint8Array([0x1f, 0x8b, 0x08, 0x00]),
];

function bodyOf({ body }: Operation, vocabulary: Vocabulary): Arbitrary<string | Uint8Array | undefined> {
  const raw = fc.constantFrom(...rawBodies);
  if (body === undefined)
    return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: raw });
  const good = valueOf(body, vocabulary);
  return fc.oneof(
    { weight: 5, arbitrary: good.map((value) => JSON.stringify(value)) },
    { weight: 5, arbitrary: good.chain((value) => broken(value ?? null)).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: raw },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** The same with one member replaced, removed or added, at any depth. */
function broken(value: Json): Arbitrary<Json> {
  const places = placesIn(value);
  const names = fc.constantFrom("__proto__", "constructor", "toString", "id", "client_id", "status", "\0", "é");
  return fc
    .record({
      place: fc.constantFrom(...places),
      nasty: fc.constantFrom(...nastyValues),
      name: names,
      how: fc.constantFrom("replace", "remove", "add"),
    })
    .map(({ place, nasty, name, how }) => {
      if (place.length === 0) return how === "add" && isObject(value) ? withMember(value, name, nasty) : nasty;
      return changed(value, place, (member) =>
        how === "remove" ? undefined : how === "add" && isObject(member) ? withMember(member, name, nasty) : nasty,
      );
    });
}

const isObject = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** As a parser makes it: `__proto__` is a member like any other. */
function withMember(value: Record<string, Json>, name: string, member: Json): Record<string, Json> {
  const copy = { ...value };
  Object.defineProperty(copy, name, { value: member, enumerable: true, configurable: true, writable: true });
  return copy;
}

function placesIn(value: Json | undefined, at: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, member]) => placesIn(member, [...at, name]))];
}

function changed(value: Json, [name = "", ...rest]: string[], change: (member: Json) => Json | undefined): Json {
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, Json | undefined>;
  const member = copy[name] ?? null;
  const next = rest.length === 0 ? change(member) : changed(member, rest, change);
  if (next === undefined) Reflect.deleteProperty(copy, name);
  else copy[name] = next;
  return copy as Json;
}

/** @returns whether a caller's `who` lets that role in, by the route's own word */
export function mayCall({ who }: Route, role: Role): boolean {
  if (who.key === undefined && who.worker === undefined && who.operator === undefined) return true;
  if (role === "operator") return who.operator === true;
  if (role === "worker" || role === "other worker") return who.worker === true;
  if (role === "client" || role === "other client") return who.key !== undefined;
  return role === `key of ${who.key}`;
}
