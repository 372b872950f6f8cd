import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { getAddress } from "ethers";
import { ApiError, type Nonce, signInMessage } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import { newId } from "../ids.ts";
import { createSession } from "./sessions.ts";

/** Time to find the wallet and sign; a message that leaks is worth nothing after it. */
const MESSAGE_SECONDS = 600;

const STATEMENT = "Sign in to HireForHumans. This costs nothing and moves no money.";

const hashOfMessage = (message: string): string => createHash("sha256").update(message).digest("hex");

/** Makes the message (EIP-4361) by which an account signs in, for this gateway and chain, once. */
export async function beginSignIn(ctx: Context, address: string): Promise<Nonce> {
  // 128 bits in hex: EIP-4361 asks for at least 8 letters or digits.
  const nonce = randomBytes(16).toString("hex");
  const issuedAt = new Date();
  const expiresAt = new Date(issuedAt.getTime() + MESSAGE_SECONDS * 1000);
  const message = signInMessage({
    domain: new URL(ctx.config.publicUrl).host,
    address,
    statement: STATEMENT,
    uri: ctx.config.publicUrl,
    chainId: Number(ctx.chain.deployment.chainId),
    nonce,
    issuedAt,
    expiresAt,
  });
  await ctx.db
    .insertInto("sign_ins")
    .values({ message_hash: hashOfMessage(message), address: getAddress(address), expires_at: expiresAt })
    .execute();
  return { nonce, message, expires_at: expiresAt.toISOString() };
}

/**
 * Signs an account in by a message that this gateway made, letter for letter: so domain, URI, chain, account and time
 * are the ones it wrote, and nothing in it has to be believed. The first sign-in makes the worker.
 * @throws ApiError sign_in_refused
 */
export async function finishSignIn(ctx: Context, message: string, signature: string) {
  const hash = hashOfMessage(message);
  const begun = await ctx.db
    .selectFrom("sign_ins")
    .select("address")
    .where("message_hash", "=", hash)
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirst();
  if (begun === undefined) throw unknownMessage();
  if (!(await ctx.chain.verifyMessage(begun.address, message, signature))) {
    throw new ApiError("sign_in_refused", `The signature is not by ${begun.address} over this message.`);
  }
  // The escrow keeps a committee from being its own job's worker, but does not know its members.
  if (ctx.config.oracleNodes?.some(({ address }) => address === begun.address) === true) {
    throw new ApiError("sign_in_refused", `${begun.address} verifies evidence here, so it can't work here too.`);
  }
  return ctx.db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await trx.deleteFrom("sign_ins").where("message_hash", "=", hash).executeTakeFirst();
    if (numDeletedRows === 0n) throw unknownMessage();
    await trx
      .insertInto("workers")
      .values({ id: newId("wrk"), address: begun.address })
      .onConflict((conflict) => conflict.column("address").doNothing())
      .execute();
    const worker = await trx
      .selectFrom("workers")
      .select("id")
      .where("address", "=", begun.address)
      .executeTakeFirstOrThrow();
    return { workerId: worker.id, address: begun.address, ...(await createSession(trx, worker.id)) };
  });
}

const unknownMessage = (): ApiError =>
  new ApiError(
    "sign_in_refused",
    "The message is not one that this gateway gave out, was changed, was used before, or is past its time. Ask for a new one.",
  );

/** @returns how many messages were forgotten */
export async function sweepSignIns(db: Database): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("sign_ins")
    .where("expires_at", "<=", sql<Date>`now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
