import { type TypedDataField } from "ethers";
import {
  ApiError,
  type ClientWord,
  type TermsJson,
  type WordName,
  type Words,
  escrowDomain,
  wordTypes,
} from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import type { SignedWord } from "../settlement/intents.ts";

/** A word has to hold this much longer, so that a transaction can still be mined in its time. */
const MARGIN_SECONDS = 15n;

/**
 * Without a signed word the relayer acts as the client's operator, which it is on a job that names it and while the
 * spending limit holds.
 * @throws ApiError insufficient_allowance
 */
export async function requireOperator(
  { chain, outbox }: Context,
  { client, matcher }: Pick<TermsJson, "client" | "matcher">,
): Promise<void> {
  if (matcher !== outbox.signer) {
    throw new ApiError(
      "insufficient_allowance",
      `The job's terms name ${matcher} as matcher, and this gateway sends as ${outbox.signer}, so it may not decide on ` +
        "the job. Send your own word: valid_until and signature.",
    );
  }
  const { limit } = await chain.fundingOf(client, outbox.signer);
  if (limit.expiresAtSeconds > chain.head().timestampSeconds + MARGIN_SECONDS) return;
  throw new ApiError(
    "insufficient_allowance",
    `${client} has no spending limit in force for this gateway (${outbox.signer}), so the gateway may not act for it. ` +
      "Set one on chain, or send your own word: valid_until and signature.",
  );
}

/**
 * The client's signed word from a request, checked; undefined where it sent none.
 * @param member of the escrow's words, without `validUntil`
 * @throws ApiError signature_expired, signature_invalid
 */
export async function clientWordOf<N extends Extract<WordName, "Cancel" | "Verdict">>(
  { chain }: Context,
  client: string,
  { valid_until, signature }: ClientWord,
  name: N,
  message: Omit<Words[N], "validUntil">,
): Promise<SignedWord | undefined> {
  if (valid_until === undefined || signature === undefined) return undefined;
  const validUntil = BigInt(valid_until);
  const now = chain.head().timestampSeconds;
  if (validUntil <= now + MARGIN_SECONDS) {
    throw new ApiError(
      "signature_expired",
      `The signature may be used until ${valid_until}; the chain's time is ${now} and carrying it takes a moment.`,
      { param: "valid_until" },
    );
  }
  const { chainId, escrow } = chain.deployment;
  const types: Record<string, TypedDataField[]> = { [name]: wordTypes[name] };
  const domain = escrowDomain(chainId, escrow);
  if (await chain.verifyTypedData(client, domain, types, { ...message, validUntil }, signature)) {
    return { validUntilSeconds: validUntil, signature };
  }
  throw new ApiError(
    "signature_invalid",
    `The signature is not ${client}'s over EIP-712 ${name} of job ${message.jobId}, valid until ${valid_until}, for chain ` +
      `${chainId} and escrow ${escrow}.`,
    { param: "signature" },
  );
}

/** How often intents of this kind failed for this job: a further try needs a key of its own. */
export async function failedAttempts(trx: Trx, jobId: string, kind: "cancel" | "release"): Promise<number> {
  const { count } = await trx
    .selectFrom("intents")
    .select((select) => select.fn.countAll<bigint>().as("count"))
    .where("job_id", "=", jobId)
    .where("kind", "=", kind)
    .where("failure", "is not", null)
    .executeTakeFirstOrThrow();
  return Number(count);
}
