import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { Readable } from "node:stream";
import { ApiError, requestErrorOf } from "@hireforhumans/protocol";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { Logger } from "pino";
import { Counter, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { z } from "zod";
import type { Sources } from "../check.ts";
import {
  relayedRequestOf,
  signRequestSchema,
  type signResponseSchema,
  verifyRequestSchema,
  type verifyResponseSchema,
} from "../messages.ts";
import { outcomeOf } from "../pipeline.ts";
import { NodeUnreachable } from "./chain.ts";
import type { OracleNode } from "./node.ts";
import { pageOf, pagePolicy } from "./page.ts";
import type { NodeStore } from "./store.ts";

export interface NodeServiceOptions {
  node: OracleNode;
  store: NodeStore;
  chainId: number;
  escrow: string;
  /** Files are read from here and from nowhere else. */
  gatewayUrl: string;
  /** The secret that the gateway sends as a bearer token. */
  gatewayToken: string;
  /** Throws while the node can't verify. */
  requireReady: () => Promise<void>;
  log: Logger;
}

/** On the page. */
const shown = 50;

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/**
 * A node as a service: POST /v1/verify and /v1/sign for its gateway; /livez, /readyz, /metrics and a page at / for its
 * operator.
 */
export function createNodeService(options: NodeServiceOptions): Express {
  const { node, store, chainId, escrow, gatewayUrl, gatewayToken, requireReady, log } = options;
  const metrics = createMetrics();
  const expected = sha256(`Bearer ${gatewayToken}`);
  const app = express().disable("x-powered-by");

  app.get("/livez", (_, response) => void response.json({ status: "ok" }));
  app.get("/readyz", async (_, response) => {
    await requireReady();
    response.json({ status: "ok" });
  });
  app.get("/metrics", async (_, response) => {
    response.type("text/plain").send(await metrics.registry.metrics());
  });
  app.get("/", (_, response) => {
    response.set({
      "content-security-policy": pagePolicy,
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const [findings, refusals] = [store.recentFindings(shown), store.recentRefusals(shown)];
    response.type("html").send(pageOf({ verifier: node.address, escrow, chainId, findings, refusals }));
  });

  app.use("/v1", (request, _response, next) => {
    if (timingSafeEqual(sha256(request.get("authorization") ?? ""), expected)) next();
    else throw new ApiError("unauthenticated", "Send the token of this node as a bearer token.");
  });
  app.use("/v1", express.json({ limit: "4mb" }));
  app.post("/v1/verify", async (request, response) => {
    const message = parsed(verifyRequestSchema, request.body);
    const ended = metrics.verifySeconds.startTimer();
    const checks = await node.find(relayedRequestOf(message), fileReader(message.files, gatewayUrl));
    ended();
    metrics.findings.inc({ outcome: outcomeOf(checks) });
    response.json({ verifier: node.address, checks } satisfies z.input<typeof verifyResponseSchema>);
  });
  app.post("/v1/sign", async (request, response) => {
    const { worker, reasons, valid_until } = parsed(signRequestSchema, request.body);
    const signature = await node.sign({ worker, reasons, validUntilSeconds: BigInt(valid_until) });
    metrics.signatures.inc({ outcome: reasons.outcome });
    response.json({ verifier: node.address, signature } satisfies z.input<typeof signResponseSchema>);
  });

  app.use(() => {
    throw new ApiError("not_found", "There is nothing at this address.");
  });
  app.use((thrown: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = apiErrorOf(thrown);
    const requestId = randomUUID();
    if (error.status >= 500) log.error({ err: error.cause ?? error, request_id: requestId }, "a request failed");
    if (request.path.startsWith("/v1/") && error.code !== "unauthenticated") {
      metrics.refusals.inc({ code: error.code });
      log.warn({ code: error.code, param: error.param, detail: error.message, request_id: requestId }, "refused");
      store.keepRefusal({ jobId: jobIdIn(request.body), code: error.code, detail: error.message });
    }
    response
      .status(error.status)
      .type("application/problem+json")
      .send(JSON.stringify(error.toProblem(requestId)));
  });
  return app;
}

function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    findings: new Counter({
      name: "oracle_findings_total",
      help: "Answers to POST /v1/verify by outcome.",
      labelNames: ["outcome"] as const,
      registers,
    }),
    signatures: new Counter({
      name: "oracle_signatures_total",
      help: "Signed verdicts by outcome; the same verdict may be asked for again.",
      labelNames: ["outcome"] as const,
      registers,
    }),
    refusals: new Counter({
      name: "oracle_refusals_total",
      help: "Requests of the gateway that were refused or failed, by code.",
      labelNames: ["code"] as const,
      registers,
    }),
    verifySeconds: new Histogram({
      name: "oracle_verify_seconds",
      help: "Time to verify, proofs and checks.",
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw requestErrorOf(result.error);
}

/** Only words that were written for callers are told. */
function apiErrorOf(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof NodeUnreachable) return new ApiError("unavailable", thrown.message, { cause: thrown });
  const type = thrown instanceof Error && "type" in thrown ? thrown.type : undefined;
  if (type === "entity.parse.failed") return new ApiError("malformed_json", "The body is not JSON.");
  if (type === "entity.too.large") return new ApiError("payload_too_large", "The body is larger than 4 MiB.");
  return new ApiError("internal", "Something failed on this node. Its log has it under this request_id.", {
    cause: thrown,
  });
}

/** For the page: the job's name in whatever came, which may be anything. */
function jobIdIn(body: unknown): string | null {
  const id = (body as { bundle?: { job_id?: unknown } } | null | undefined)?.bundle?.job_id;
  return typeof id === "string" ? id.slice(0, 100) : null;
}

/** Reads by the links that came with the request, which must lead to the gateway: this node's inside is none of its business. */
function fileReader(files: readonly { sha256: string; url: string }[], gatewayUrl: string): Sources["openFile"] {
  const { origin } = new URL(gatewayUrl);
  return async (wanted) => {
    const file = files.find(({ sha256 }) => sha256 === wanted);
    if (file === undefined) return undefined;
    if (new URL(file.url).origin !== origin) throw new Error(`the link of file ${wanted} does not lead to ${origin}`);
    // As it is stored: how it travelled must not tell against the one who handed it in. Nor must a link that leads to
    // nothing, since the gateway had the file when it took the evidence.
    const headers = { "accept-encoding": "identity" };
    const response = await fetch(file.url, { headers, redirect: "error", signal: AbortSignal.timeout(30_000) });
    if (response.status !== 200 || response.body === null) throw new Error(`file ${wanted}: status ${response.status}`);
    return { size: Number(response.headers.get("content-length")), content: Readable.from(response.body) };
  };
}
