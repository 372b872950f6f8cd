import { hexlify, randomBytes } from "ethers";
import { poolDomain, type PoolWords, signWord, type Terms, usdcDomain, type Words } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "../chain/context.ts";
import { idOf, type SignedWord } from "../chain/signed-word.ts";
import { validUntilOr } from "../chain/times.ts";
import { readPool } from "./send.ts";

/** Words that the signer gives for others to carry. Amounts in base units, times in chain seconds. */

interface Validity {
  /** The last second in which it may be used; an hour from the latest block when left out. */
  validUntil?: bigint;
}
interface OnceByNonce extends Validity {
  /** The account's nonce in the pool; read from the chain when left out. */
  nonce?: bigint;
}

/** An EIP-3009 `ReceiveWithAuthorization` to the pool. */
export interface SignedDeposit {
  amount: bigint;
  validAfter: bigint;
  validBefore: bigint;
  /** 32 bytes by chance. */
  nonce: string;
  signature: string;
}

/** Signs that the pool may take this much of the signer's USDC, into the signer's balance. */
export async function signDeposit(
  context: ChainContext,
  { amount, validBefore }: { amount: bigint; validBefore?: bigint },
): Promise<SignedDeposit> {
  const { deployment, usdc } = context;
  const signer = signerOf(context);
  const fields = {
    validAfter: 0n,
    validBefore: await validUntilOr(context, validBefore),
    nonce: hexlify(randomBytes(32)),
  };
  const domain = usdcDomain(deployment.chainId, deployment.usdc, await readPool("signDeposit", usdc.name()));
  const message = { from: await signer.getAddress(), to: deployment.arbitrationPool, value: amount, ...fields };
  return { amount, ...fields, signature: await signWord(signer, domain, "ReceiveWithAuthorization", message) };
}

export async function signWithdraw(
  context: ChainContext,
  { amount, ...rest }: OnceByNonce & { amount: bigint },
): Promise<SignedWord> {
  return signAccountWord(context, "Withdraw", rest, (owner, nonce) => ({ owner, amount, nonce }));
}

export async function signSetStandingAnswer(
  context: ChainContext,
  { stands, ...rest }: OnceByNonce & { stands: boolean },
): Promise<SignedWord> {
  return signAccountWord(context, "SetStandingAnswer", rest, (owner, nonce) => ({ owner, stands, nonce }));
}

export async function signStake(
  context: ChainContext,
  { amount, ...rest }: OnceByNonce & { amount: bigint },
): Promise<SignedWord> {
  return signAccountWord(context, "Stake", rest, (juror, nonce) => ({ juror, amount, nonce }));
}

export async function signRetire(context: ChainContext, parameters: OnceByNonce = {}): Promise<SignedWord> {
  return signAccountWord(context, "Retire", parameters, (juror, nonce) => ({ juror, nonce }));
}

export async function signAddEvidence(
  context: ChainContext,
  { terms, evidenceHash, validUntil }: Validity & { terms: Terms; evidenceHash: string },
): Promise<SignedWord> {
  return signPoolWord(context, "AddEvidence", validUntil, { jobId: idOf(context, terms), evidenceHash });
}

/** @param parameters.round 0 after a dispute; after an appeal the case's round and one */
export async function signAnswer(
  context: ChainContext,
  { terms, round, validUntil }: Validity & { terms: Terms; round: bigint },
): Promise<SignedWord> {
  return signPoolWord(context, "Answer", validUntil, { jobId: idOf(context, terms), round });
}

/** @param parameters.round the case's round and one */
export async function signAppeal(
  context: ChainContext,
  { terms, round, validUntil }: Validity & { terms: Terms; round: bigint },
): Promise<SignedWord> {
  return signPoolWord(context, "Appeal", validUntil, { jobId: idOf(context, terms), round });
}

async function signAccountWord<N extends "Withdraw" | "SetStandingAnswer" | "Stake" | "Retire">(
  context: ChainContext,
  name: N,
  { nonce, validUntil }: OnceByNonce,
  messageOf: (account: string, nonce: bigint) => Omit<PoolWords[N], "validUntil">,
): Promise<SignedWord> {
  const account = await signerOf(context).getAddress();
  const next = nonce ?? (await readPool(`sign${name}`, context.pool.nonces(account)));
  return signPoolWord(context, name, validUntil, messageOf(account, next));
}

async function signPoolWord<N extends Exclude<keyof PoolWords, "VoteSalt">>(
  context: ChainContext,
  name: N,
  given: bigint | undefined,
  message: Omit<PoolWords[N], "validUntil">,
): Promise<SignedWord> {
  const { chainId, arbitrationPool } = context.deployment;
  const validUntil = await validUntilOr(context, given);
  const whole = { ...message, validUntil } as unknown as Words[N];
  return {
    validUntil,
    signature: await signWord(signerOf(context), poolDomain(chainId, arbitrationPool), name, whole),
  };
}
