import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { codesOf, ERRORS, type Route, type RouteName, problemSchema, routes } from "@hireforhumans/protocol";
import type { World } from "../world.ts";
import type { FuzzRequest, Operation } from "./requests.ts";
import type { Schema } from "./values.ts";

export interface FuzzAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** What an answer to a stranger never holds: stacks, paths, queries, and the words of libraries. */
const leaks: readonly [string, RegExp][] = [
  ["a stack", /\n\s+at |\.(?:ts|js|mjs|cjs):\d+/],
  ["a path", /node_modules|\/packages\/|\/src\/|\/home\/|\/tmp\/|\/root\/|file:\/\/\/(?!etc\/passwd)/],
  [
    "SQL",
    /\bselect\b.+\bfrom\b|insert into|update .+ set |relation "|violates .+ constraint|syntax error at or|SQLSTATE/i,
  ],
  [
    "a library's words",
    /\b(?:ZodError|TypeError|RangeError|ReferenceError|kysely|pg-boss|PGlite|EmbeddedError|undici|busboy)\b/,
  ],
  ["an inner address", /ECONN|ENOTFOUND|EADDR|:8545\b/],
];

/** The whole answers of these are public text with such words in it, and hold nothing of anybody. */
const publicPages = new Set<string>(["getOpenApi", "getDocs", "getMetrics"]);

/** Statuses that come before a route is found, or are Node's own. */
const beforeRoutes = new Set([400, 404, 405, 408, 413, 414, 431]);

export function createJudge(document: { components: { schemas: Record<string, Schema> } }, world: World) {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  formats.default(ajv);
  const validators = new Map<Schema, ValidateFunction>();
  const validatorOf = (schema: Schema): ValidateFunction => {
    const known = validators.get(schema) ?? ajv.compile({ ...schema, components: document.components });
    validators.set(schema, known);
    return known;
  };

  function misfitOf({ operation, onRoute, method }: FuzzRequest, { status, headers, text }: FuzzAnswer) {
    const type = String(headers["content-type"] ?? "");
    if (status >= 400 && !type.startsWith("application/problem+json")) {
      if (operation.operationId === "getReadiness" && status === 503) return undefined;
      return `status ${status} is no problem but ${type}`;
    }
    if (status >= 400) return misfitOfProblem(operation, onRoute, status, text);
    // An empty id leads to the list, whose own answers are looked at when it is asked for.
    if (!onRoute) return undefined;
    const schema = operation.responses.get(status);
    if (schema === undefined) return `status ${status} of ${method} is not documented`;
    if (schema === null || !type.startsWith("application/json")) return undefined;
    const validate = validatorOf(schema);
    return validate(JSON.parse(text))
      ? undefined
      : `the answer is not as documented: ${ajv.errorsText(validate.errors)}`;
  }

  function misfitOfProblem({ operationId, responses }: Operation, onRoute: boolean, status: number, text: string) {
    const problem = problemSchema.safeParse(JSON.parse(text));
    if (!problem.success) return `it is no problem: ${problem.error.message}`;
    const code = problem.data.code;
    if (ERRORS[code].status !== status) return `code ${code} with status ${status}`;
    if (!onRoute && beforeRoutes.has(status)) return undefined;
    if (!responses.has(status)) return `status ${status} (${code}) is not documented`;
    const route: Route = routes[operationId as RouteName];
    return codesOf(route).includes(code) ? undefined : `code ${code} is not documented`;
  }

  function leakOf({ operation, role }: FuzzRequest, { headers, text }: FuzzAnswer): string | undefined {
    const all = `${JSON.stringify(headers)}\n${text}`;
    const mayRead = role === "client" || role === "worker" || role.startsWith("key of ");
    if (!mayRead && world.canaries.some((canary) => all.includes(canary))) return "words of another's job";
    const own = world.tokens[role];
    if (world.secrets.some((secret) => secret !== own && secret.startsWith("hf") && all.includes(secret))) {
      return "another's token";
    }
    if (publicPages.has(operation.operationId)) return undefined;
    return leaks.find(([, pattern]) => pattern.test(all))?.[0];
  }

  /** @returns what is wrong with the answer */
  return function problemOf(request: FuzzRequest, answer: FuzzAnswer): string | undefined {
    if (answer.status >= 500 && !(request.operation.operationId === "getReadiness" && answer.status === 503)) {
      return `status ${answer.status}`;
    }
    if (answer.headers["x-content-type-options"] !== "nosniff") return "no nosniff";
    if (answer.headers["x-powered-by"] !== undefined) return "it tells its framework";
    const leak = leakOf(request, answer);
    if (leak !== undefined) return `it shows ${leak}`;
    return misfitOf(request, answer);
  };
}
