import fc from "fast-check";
import { Pool } from "undici";
import { type Route, type RouteName, routes } from "@hireforhumans/protocol";
import type { Role, World } from "../world.ts";
import { createJudge, type FuzzAnswer } from "./judge.ts";
import { type FuzzRequest, mayCall, type Operation, requestTo } from "./requests.ts";
import type { Schema } from "./values.ts";

export interface FuzzOptions {
  requests: number;
  seed: number;
}

export interface FuzzReport {
  sent: number;
  byStatus: Map<number, number>;
  /** How many operations were answered with success at least once. */
  succeeded: Set<string>;
  operations: number;
  /** One example for each kind of failure. */
  failures: Map<string, string>;
}

interface Document {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
}
interface DocumentedOperation {
  operationId: string;
  parameters?: Operation["parameters"];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const AT_ONCE = 24;
const BATCH = 480;
const TOO_LATE_MS = 20_000;

/** Sends random requests, valid and broken, to every operation of the gateway's OpenAPI document, as every role. */
export async function fuzz(world: World, { requests, seed }: FuzzOptions): Promise<FuzzReport> {
  const { url } = world.court.stack.gateway;
  const pool = new Pool(url, { connections: AT_ONCE, headersTimeout: TOO_LATE_MS, bodyTimeout: TOO_LATE_MS });
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const operations = operationsOf(document);
  const judge = createJudge(document, world);
  const vocabulary = { components: document.components.schemas, ids: idsOf(world) };
  const roles = {
    all: Object.keys(world.tokens) as Role[],
    allowed: (id: string) =>
      (Object.keys(world.tokens) as Role[]).filter((role) => mayCall(routes[id as RouteName] as Route, role)),
  };
  const request = fc.oneof(...operations.map((operation) => requestTo(operation, vocabulary, roles)));
  const report: FuzzReport = {
    sent: 0,
    byStatus: new Map(),
    succeeded: new Set(),
    operations: operations.length,
    failures: new Map(),
  };

  async function one(fuzzed: FuzzRequest): Promise<void> {
    const { operation, role } = fuzzed;
    let problem: string | undefined;
    try {
      const answer = await send(pool, fuzzed, tokenFor(world, fuzzed));
      report.byStatus.set(answer.status, (report.byStatus.get(answer.status) ?? 0) + 1);
      if (answer.status < 300) report.succeeded.add(operation.operationId);
      const found = judge(fuzzed, answer);
      problem = found === undefined ? undefined : `${found}\n    answer: ${answer.status} ${answer.text.slice(0, 600)}`;
    } catch (error) {
      problem = `no answer: ${String(error)}`;
    }
    report.sent += 1;
    if (problem === undefined) return;
    const kind = `${operation.operationId}: ${problem.split("\n")[0]}`;
    const { method, path, headers, body } = fuzzed;
    const shown = JSON.stringify({ method, path, headers, body: typeof body === "string" ? body.slice(0, 600) : body });
    if (!report.failures.has(kind)) report.failures.set(kind, `${kind}\n    as ${role}: ${shown}\n    ${problem}`);
  }

  for (let batch = 0; report.sent < requests; batch += 1) {
    const numRuns = Math.min(BATCH, requests - report.sent);
    const waiting = fc.sample(request, { seed: seed + batch, numRuns });
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await one(next);
      }),
    );
  }
  await pool.close();
  return report;
}

/** Signing out would end the session by which all the rest is asked. */
const tokenFor = ({ tokens }: World, { operation, role }: FuzzRequest): string | undefined =>
  operation.operationId === "signOut" && role.endsWith("worker") ? tokens["wrong session"] : tokens[role];

async function send(pool: Pool, fuzzed: FuzzRequest, token: string | undefined): Promise<FuzzAnswer> {
  const { method, path, body } = fuzzed;
  const headers = { ...fuzzed.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const {
    statusCode,
    headers: answered,
    body: content,
  } = await pool.request({
    method: method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  if (String(answered["content-type"]).startsWith("text/event-stream")) {
    content.destroy();
    return { status: statusCode, headers: answered, text: "" };
  }
  return { status: statusCode, headers: answered, text: await content.text() };
}

function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody, responses }]) => ({
      operationId,
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content["application/json"]?.schema,
      responses: new Map(
        Object.entries(responses).map(([status, { content }]) => [
          Number(status),
          content?.["application/json"]?.schema ?? null,
        ]),
      ),
    })),
  );
}

function idsOf({ owned }: World): Record<string, string[]> {
  const ids: Record<string, string[]> = {};
  for (const id of Object.values(owned)) {
    const prefix = id.slice(0, 3);
    if (id[3] === "_") ids[prefix] = [...(ids[prefix] ?? []), id];
  }
  return ids;
}
