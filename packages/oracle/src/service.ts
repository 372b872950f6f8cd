import { createHash, timingSafeEqual } from "node:crypto";
import { Readable } from "node:stream";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { Logger } from "pino";
import { Counter, Registry } from "prom-client";
import type { z } from "zod";
import type { Sources, VerificationRequest } from "./check.ts";
import { verifyRequestSchema, type verifyResponseSchema } from "./messages.ts";
import type { Oracle, Verification } from "./oracle.ts";

export interface ServiceOptions {
  /** Makes the oracle for one request, whose files are read by the links that came with it. */
  oracleFor: (openFile: Sources["openFile"]) => Oracle;
  /** The secret that the gateway sends as a bearer token. */
  token: string;
  log: Logger;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** The oracle as a service of its own: POST /v1/verify for its gateway, /livez, /readyz and /metrics for its operator. */
export function createOracleService({ oracleFor, token, log }: ServiceOptions): Express {
  const app = express().disable("x-powered-by");
  const registry = new Registry();
  const verdicts = new Counter({
    name: "oracle_verdicts_total",
    help: "Verdicts by outcome.",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const expected = sha256(`Bearer ${token}`);

  app.get(["/livez", "/readyz"], (_, response) => void response.json({ status: "ok" }));
  app.get("/metrics", async (_, response) => void response.type("text/plain").send(await registry.metrics()));
  app.post("/v1/verify", (request, response, next) => {
    if (timingSafeEqual(sha256(request.get("authorization") ?? ""), expected)) next();
    else problem(response, 401, "unauthenticated", "Send the token of this oracle as a bearer token.");
  });
  app.post("/v1/verify", express.json({ limit: "4mb" }), async (request: Request, response: Response) => {
    const message = verifyRequestSchema.safeParse(request.body);
    if (!message.success) {
      problem(response, 422, "invalid_request", message.error.issues[0]?.message ?? "The request is not understood.");
      return;
    }
    const oracle = oracleFor(fileReader(message.data.files));
    const verification = await oracle.verify(requestOf(message.data));
    verdicts.inc({ outcome: verification.outcome });
    response.json(answerOf(oracle.address, verification));
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = statusOf(error);
    if (status === 500) log.error({ err: error }, "a request failed");
    problem(response, status, status === 500 ? "internal" : "invalid_request", "The request could not be handled.");
  });
  return app;
}

function problem(response: Response, status: number, code: string, detail: string): void {
  response.status(status).type("application/problem+json").send(JSON.stringify({ status, code, detail }));
}

/** Express's body parser says with the error what the caller did wrong (400, 413 …). */
function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function requestOf(message: z.output<typeof verifyRequestSchema>): VerificationRequest {
  return {
    packet: message.packet,
    bundle: message.bundle,
    evidenceHash: message.evidence_hash,
    chainTimeSeconds: BigInt(message.chain_time),
    confirmations: message.confirmations.map(({ token_hash, statement, answer }) => ({
      tokenHash: token_hash,
      statement,
      answer,
    })),
    ...(message.reviews === null ? {} : { reviews: reviewsOf(message.reviews) }),
    seenBefore: message.seen_before,
  };
}

function reviewsOf({ wanted, answers }: NonNullable<z.output<typeof verifyRequestSchema>["reviews"]>) {
  return {
    wanted,
    answers: answers.map(({ answer, reason, golden_right, golden_wrong }) => ({
      answer,
      reason,
      goldenRight: golden_right,
      goldenWrong: golden_wrong,
    })),
  };
}

function answerOf(
  verifier: string,
  { outcome, reasons, reasonsHash, signed }: Verification,
): z.input<typeof verifyResponseSchema> {
  return {
    verifier,
    outcome,
    reasons,
    reasons_hash: reasonsHash,
    signed: signed && { signature: signed.signature, valid_until: Number(signed.validUntilSeconds) },
  };
}

/** The links come from the gateway, over the authenticated request, so they are followed as they are. */
function fileReader(files: { sha256: string; url: string }[]): Sources["openFile"] {
  return async (wanted) => {
    const file = files.find(({ sha256 }) => sha256 === wanted);
    if (file === undefined) return undefined;
    const response = await fetch(file.url, { redirect: "error", signal: AbortSignal.timeout(30_000) });
    if (response.status === 404) return undefined;
    if (response.status !== 200 || response.body === null) throw new Error(`file ${wanted}: status ${response.status}`);
    return { size: Number(response.headers.get("content-length")), content: Readable.from(response.body) };
  };
}
