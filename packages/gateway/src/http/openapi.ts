import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import {
  ERRORS,
  type ErrorCode,
  type Json,
  type Route,
  type RouteName,
  codesOf,
  eventSchema,
  paymentProblemSchema,
  problemSchema,
  routes,
} from "@hireforhumans/protocol";

/** The interface as OpenAPI 3.1, made from the routes that serve it: who may call, what goes in, what comes out. */
export function openApiOf(names: readonly RouteName[], publicUrl: string): Record<string, Json> {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description: "An API key of a client (`hfh_…`); each operation names the scope it needs.",
  });
  registry.registerComponent("securitySchemes", "session", {
    type: "http",
    scheme: "bearer",
    description: "A worker's session (`hfw_…`) from POST /v1/auth/sign-in.",
  });
  registry.registerComponent("securitySchemes", "operator", {
    type: "http",
    scheme: "bearer",
    description: "The operator's token (`hfo_…`), OPERATOR_TOKEN of the gateway.",
  });
  for (const name of names) registry.registerPath(pathOf(name, routes[name]));
  registry.registerWebhook({
    method: "post",
    path: "event",
    operationId: "event",
    summary:
      "What your endpoint gets, signed as Standard Webhooks says (webhook-id, webhook-timestamp, webhook-signature)",
    request: { body: { content: { "application/json": { schema: eventSchema } } } },
    responses: { "2xx": { description: "Taken. Anything else is sent again for a day." } },
  });
  return withPlainPatterns(
    new OpenApiGeneratorV31(registry.definitions).generateDocument({
      openapi: "3.1.0",
      info: {
        title: "HireForHumans",
        version: "1",
        description:
          "An AI agent that has met its limit hires a person: job, escrow, matching, verified evidence, payment.",
      },
      servers: [{ url: publicUrl }],
    }),
  );
}

/** The generator writes a pattern with its flags ("^a$/u"); JSON Schema knows none and always reads it as Unicode. */
function withPlainPatterns(document: object): Record<string, Json> {
  const plain = (key: string, value: unknown): unknown =>
    key === "pattern" && typeof value === "string" ? value.replace(/\/[a-z]+$/, "") : value;
  return JSON.parse(JSON.stringify(document, plain)) as Record<string, Json>;
}

function pathOf(name: RouteName, route: Route): RouteConfig {
  return {
    method: lower[route.method],
    path: route.path.replace(/:(\w+)/g, "{$1}"),
    operationId: name,
    tags: [route.tag],
    summary: route.summary,
    ...(route.who.key === undefined ? {} : { description: `API keys need the scope \`${route.who.key}\`.` }),
    security: securityOf(route),
    request: requestOf(name, route),
    responses: { [route.status]: successOf(route), ...problemsOf(name, codesOf(route)) },
  };
}

const lower = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;

function securityOf({ who }: Route): Record<string, string[]>[] {
  return [
    ...(who.key === undefined ? [] : [{ key: [] }]),
    ...(who.worker === true ? [{ session: [] }] : []),
    ...(who.operator === true ? [{ operator: [] }] : []),
  ];
}

/** Headers that a route reads beside Authorization. */
const headers: Partial<Record<RouteName, z.ZodObject>> = {
  createJob: z.object({
    "Idempotency-Key": z
      .string()
      .max(255)
      .optional()
      .meta({ description: "The same key and body get the same answer, however often they are sent." }),
  }),
  streamEvents: z.object({
    "Last-Event-ID": z.string().optional().meta({ description: "The `id` (sequence) of the last event you have." }),
  }),
};

function requestOf(name: RouteName, route: Route): NonNullable<RouteConfig["request"]> {
  return {
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query instanceof z.ZodObject ? { query: route.query } : {}),
    ...(headers[name] === undefined ? {} : { headers: headers[name] }),
    ...(route.request === undefined
      ? {}
      : {
          body: {
            required: !route.request.safeParse({}).success,
            content: { [route.requestType ?? "application/json"]: { schema: route.request } },
          },
        }),
  };
}

function successOf(route: Route) {
  const content = {
    ...(route.response === undefined ? {} : { "application/json": { schema: route.response } }),
    ...(route.responseType === undefined ? {} : { [route.responseType]: { schema: z.string() } }),
  };
  const description = route.status === 204 ? "Done." : route.summary;
  return Object.keys(content).length === 0 ? { description } : { description, content };
}

/** One answer for each status, which names the codes that it can carry. Only a new job can be paid for as a 402 says. */
function problemsOf(name: RouteName, codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      status,
      {
        description: all.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join("\n\n"),
        content: {
          "application/problem+json": {
            schema: status === 402 && name === "createJob" ? problemSchema.and(paymentProblemSchema) : problemSchema,
          },
        },
      },
    ]),
  );
}
