import { createHash } from "node:crypto";
import { ApiError, type JobCreate } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import { newId } from "../ids.ts";
import { type Finding, screen } from "./rules.ts";

/** What a sentence is shown of. */
const SHOWN = 300;

/**
 * Refuses a job that asks a person for what nobody may be hired for. Only what the worker is asked to do is read, not the
 * conversation: customers may say what they want. The same text, once allowed on appeal, passes.
 * @throws ApiError job_refused
 */
export async function requireDecent({ db }: Context, { client }: KeyCaller, request: JobCreate): Promise<void> {
  const asked = askedOf(request);
  const found = firstFinding(asked);
  if (found === undefined) return;
  const { param, rule, sentence } = found;
  const text_hash = createHash("sha256").update(JSON.stringify(asked)).digest("hex");
  const screening = await db
    .insertInto("screenings")
    .values({ id: newId("scr"), client_id: client.id, text_hash, rule, param, sentence: sentence.slice(0, SHOWN) })
    .onConflict((conflict) => conflict.columns(["client_id", "text_hash"]).doUpdateSet({ text_hash }))
    .returning(["id", "status", "sentence"])
    .executeTakeFirstOrThrow();
  if (screening.status === "allowed") return;
  throw new ApiError(
    "job_refused",
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

/** The texts that tell a worker what to do, by field. */
function askedOf({ description, context, requirements, acceptance }: JobCreate): [string, string][] {
  const list = (name: string, texts: readonly string[] = []) =>
    texts.map((text, index): [string, string] => [`${name}.${index}`, text]);
  return [
    ["description", description],
    ...list("requirements", requirements),
    ...list("acceptance.checks", rubricOf(acceptance)),
    ...list("context.summary", context?.summary === undefined ? [] : [context.summary]),
    ...list("context.question", context?.question === undefined ? [] : [context.question]),
    ...list("context.constraints", context?.constraints),
    ...list("context.response_options", context?.response_options),
  ];
}

const rubricOf = (acceptance: JobCreate["acceptance"]): string[] =>
  acceptance?.checks.flatMap((check) => (check.check === "rubric" ? [check.params.question] : [])) ?? [];

function firstFinding(asked: [string, string][]): (Finding & { param: string }) | undefined {
  for (const [param, text] of asked) {
    const found = screen(text);
    if (found !== undefined) return { ...found, param };
  }
  return undefined;
}
