import { createHash } from "node:crypto";
import { ApiError, type ErrorCode, type JobCreate } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import { newId } from "../ids.ts";
import { type AskedText, askedOf } from "./asked.ts";
import { type Finding, screen } from "./rules.ts";

/** What a sentence is shown of. */
const SHOWN = 300;

/**
 * Refuses a job that asks a person for what nobody may be hired for. A text that the operator has allowed on appeal passes,
 * whatever stands beside it.
 * @throws ApiError job_refused
 */
export async function requireDecent(ctx: Context, { client }: KeyCaller, request: JobCreate): Promise<void> {
  for (const asked of askedOf(request)) await requireDecentText(ctx, client.id, "job_refused", asked);
}

/**
 * Refuses what an agent writes to its worker by the same rules.
 * @throws ApiError message_refused
 */
export async function requireDecentMessage(ctx: Context, { client }: KeyCaller, text: string): Promise<void> {
  await requireDecentText(ctx, client.id, "message_refused", { param: "body", text });
}

async function requireDecentText(
  { db }: Context,
  clientId: string,
  code: Extract<ErrorCode, "job_refused" | "message_refused">,
  { param, text }: AskedText,
): Promise<void> {
  const found = screen(text);
  if (found === undefined) return;
  const { rule, sentence } = found;
  const text_hash = createHash("sha256").update(text).digest("hex");
  const screening = await db
    .insertInto("screenings")
    .values({ id: newId("scr"), client_id: clientId, text_hash, rule, param, sentence: sentence.slice(0, SHOWN) })
    .onConflict((conflict) => conflict.columns(["client_id", "text_hash"]).doUpdateSet({ text_hash }))
    .returning(["id", "status", "sentence"])
    .executeTakeFirstOrThrow();
  if (screening.status === "allowed") return;
  throw new ApiError(
    code,
    `${param} asks for ${words[rule]}: "${screening.sentence}". If that is a mistake, appeal to the operator by ` +
      `POST /v1/screenings/${screening.id}/appeal.`,
    { param, extra: { screening: { id: screening.id, rule, sentence: screening.sentence, status: screening.status } } },
  );
}

const words: Record<Finding["rule"], string> = {
  credentials_sharing: "passwords, codes or accounts of others",
  fake_engagement: "made-up reviews, ratings or followers",
  impersonation: "passing for somebody else",
  bypassing_verification: "getting round a check that is there to keep somebody out",
  surveillance: "watching a person who does not know of it",
  illegal_goods: "goods that are against the law",
  payment_off_platform: "money outside the escrow",
};
