import { arbitrationPoolInterface } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "../chain/context.ts";
import type { ContractCallError } from "../chain/errors.ts";
import type { Mined } from "../chain/send.ts";
import { OWN_WORD, type SignedWord } from "../chain/signed-word.ts";
import { sendForEvent } from "./send.ts";

/** What jurors do with their stakes. Amounts in base units, times in chain seconds. */

export interface StakeParameters {
  /** Moved from the balance to the stake. */
  amount: bigint;
  /** The signer when left out. */
  juror?: string;
  /** From the juror's `signStake`; without it the signer must be the juror. */
  word?: SignedWord;
}
export interface StakeResult extends Mined {
  /** What is staked now. */
  stake: bigint;
}
export type StakeError = ContractCallError<
  | "BalanceTooLow"
  | "StakeOutOfRange"
  | "StakesFrozen"
  | "AlreadyRetired"
  | "SenderNotAllowed"
  | "SignatureInvalid"
  | "SignatureExpired"
>;

export function encodeStake({ amount, juror, word = OWN_WORD }: StakeParameters & { juror: string }): string {
  return arbitrationPoolInterface.encodeFunctionData("stake", [juror, amount, word.validUntil, word.signature]);
}

/**
 * Becomes a juror, or stakes more.
 * @throws StakeError
 * @example await pool.stake({ amount: parseUsdc("200") });
 */
export async function stake(context: ChainContext, parameters: StakeParameters): Promise<StakeResult> {
  const juror = parameters.juror ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "stake", encodeStake({ ...parameters, juror }), "Staked");
  return { ...mined, stake: args["stake"] as bigint };
}

export interface JurorParameters {
  /** The signer when left out. */
  juror?: string;
}

export type CollectError = ContractCallError<"NotStaked" | "NothingToCollect" | "AlreadyRetired" | "StakesFrozen">;

export function encodeCollect({ juror }: Required<JurorParameters>): string {
  return arbitrationPoolInterface.encodeFunctionData("collect", [juror]);
}

/**
 * Moves what a stake has earned above its weight to the juror's balance. By anyone.
 * @throws CollectError
 */
export async function collect(
  context: ChainContext,
  parameters: JurorParameters = {},
): Promise<Mined & { amount: bigint }> {
  const juror = parameters.juror ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "collect", encodeCollect({ juror }), "Collected");
  return { ...mined, amount: args["amount"] as bigint };
}

export interface RetireParameters extends JurorParameters {
  /** From the juror's `signRetire`; without it the signer must be the juror. */
  word?: SignedWord;
}
export type RetireError = ContractCallError<
  "NotStaked" | "StakesFrozen" | "AlreadyRetired" | "SenderNotAllowed" | "SignatureInvalid" | "SignatureExpired"
>;

export function encodeRetire({ juror, word = OWN_WORD }: RetireParameters & { juror: string }): string {
  return arbitrationPoolInterface.encodeFunctionData("retire", [juror, word.validUntil, word.signature]);
}

/**
 * Takes a juror out of further draws.
 * @throws RetireError
 */
export async function retire(
  context: ChainContext,
  parameters: RetireParameters = {},
): Promise<Mined & { unstakeFrom: bigint }> {
  const juror = parameters.juror ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "retire", encodeRetire({ ...parameters, juror }), "Retired");
  return { ...mined, unstakeFrom: args["unstakeFrom"] as bigint };
}

export type UnstakeError = ContractCallError<"NotStaked" | "StakeNotFree">;

export function encodeUnstake({ juror }: Required<JurorParameters>): string {
  return arbitrationPoolInterface.encodeFunctionData("unstake", [juror]);
}

/**
 * Moves the stake of a juror who retired to its balance, once it is free. By anyone.
 * @throws UnstakeError
 */
export async function unstake(
  context: ChainContext,
  parameters: JurorParameters = {},
): Promise<Mined & { amount: bigint }> {
  const juror = parameters.juror ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "unstake", encodeUnstake({ juror }), "Unstaked");
  return { ...mined, amount: args["amount"] as bigint };
}

export type ReweighError = ContractCallError<"NotStaked" | "StakesFrozen">;

export function encodeReweigh({ juror }: Required<JurorParameters>): string {
  return arbitrationPoolInterface.encodeFunctionData("reweigh", [juror]);
}

/**
 * Sets a juror's weight to what its stake is after slashes. By anyone.
 * @throws ReweighError
 */
export async function reweigh(
  context: ChainContext,
  parameters: JurorParameters = {},
): Promise<Mined & { weight: bigint }> {
  const juror = parameters.juror ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "reweigh", encodeReweigh({ juror }), "Reweighed");
  return { ...mined, weight: args["weight"] as bigint };
}
