import { arbitrationPoolInterface } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "../chain/context.ts";
import type { ContractCallError } from "../chain/errors.ts";
import type { Mined } from "../chain/send.ts";
import { OWN_WORD, type SignedWord } from "../chain/signed-word.ts";
import { sendForEvent } from "./send.ts";
import type { SignedDeposit } from "./words.ts";

/** What an account of the pool does with its money. Amounts in base units. */

export interface DepositParameters {
  amount: bigint;
  /** Whose balance it is added to; the signer's when left out. */
  owner?: string;
}
export interface MoneyResult extends Mined {
  owner: string;
  amount: bigint;
}
/** `Error` is USDC's own refusal (balance, allowance, paused). */
export type DepositError = ContractCallError<"SafeERC20FailedOperation" | "Error">;

export function encodeDeposit({ amount, owner }: Required<DepositParameters>): string {
  return arbitrationPoolInterface.encodeFunctionData("deposit", [owner, amount]);
}

/**
 * Adds the signer's USDC, of which the pool must be allowed that much (`approvePool`), to a balance.
 * @throws DepositError
 * @example await pool.deposit({ amount: parseUsdc("100") });
 */
export async function deposit(context: ChainContext, parameters: DepositParameters): Promise<MoneyResult> {
  const owner = parameters.owner ?? (await signerOf(context).getAddress());
  const data = encodeDeposit({ ...parameters, owner });
  const { mined } = await sendForEvent(context, "deposit", data, "Deposited");
  return { ...mined, owner, amount: parameters.amount };
}

export interface DepositWithAuthorizationParameters {
  owner: string;
  /** From the owner's `signDeposit`. */
  authorization: SignedDeposit;
}
export type DepositWithAuthorizationError = ContractCallError<"Error">;

export function encodeDepositWithAuthorization({ owner, authorization }: DepositWithAuthorizationParameters): string {
  const { amount, validAfter, validBefore, nonce, signature } = authorization;
  const values = [owner, amount, validAfter, validBefore, nonce, signature] as const;
  return arbitrationPoolInterface.encodeFunctionData("depositWithAuthorization", [...values]);
}

/**
 * Carries an owner's signed deposit: the owner needs no gas.
 * @throws DepositWithAuthorizationError
 */
export async function depositWithAuthorization(
  context: ChainContext,
  parameters: DepositWithAuthorizationParameters,
): Promise<MoneyResult> {
  const data = encodeDepositWithAuthorization(parameters);
  const { mined } = await sendForEvent(context, "depositWithAuthorization", data, "Deposited");
  return { ...mined, owner: parameters.owner, amount: parameters.authorization.amount };
}

export interface WithdrawFromPoolParameters {
  amount: bigint;
  /** The signer when left out. */
  owner?: string;
  /** From the owner's `signWithdraw`; without it the signer must be the owner. */
  word?: SignedWord;
}
export type WithdrawFromPoolError = ContractCallError<
  "BalanceTooLow" | "SenderNotAllowed" | "SignatureInvalid" | "SignatureExpired" | "SafeERC20FailedOperation" | "Error"
>;

export function encodeWithdrawFromPool({
  amount,
  owner,
  word = OWN_WORD,
}: WithdrawFromPoolParameters & { owner: string }): string {
  return arbitrationPoolInterface.encodeFunctionData("withdraw", [owner, amount, word.validUntil, word.signature]);
}

/**
 * Sends an owner money out of its balance.
 * @throws WithdrawFromPoolError
 */
export async function withdrawFromPool(
  context: ChainContext,
  parameters: WithdrawFromPoolParameters,
): Promise<MoneyResult> {
  const owner = parameters.owner ?? (await signerOf(context).getAddress());
  const data = encodeWithdrawFromPool({ ...parameters, owner });
  const { mined } = await sendForEvent(context, "withdraw", data, "Withdrawn");
  return { ...mined, owner, amount: parameters.amount };
}

export interface SetStandingAnswerParameters {
  stands: boolean;
  /** The signer when left out. */
  owner?: string;
  /** From the owner's `signSetStandingAnswer`; without it the signer must be the owner. */
  word?: SignedWord;
}
export type SetStandingAnswerError = ContractCallError<"SenderNotAllowed" | "SignatureInvalid" | "SignatureExpired">;

export function encodeSetStandingAnswer({
  stands,
  owner,
  word = OWN_WORD,
}: SetStandingAnswerParameters & { owner: string }): string {
  const values = [owner, stands, word.validUntil, word.signature] as const;
  return arbitrationPoolInterface.encodeFunctionData("setStandingAnswer", [...values]);
}

/**
 * Lets bonds for answers be taken from the balance at once, or no more.
 * @throws SetStandingAnswerError
 */
export async function setStandingAnswer(
  context: ChainContext,
  parameters: SetStandingAnswerParameters,
): Promise<Mined & { stands: boolean }> {
  const owner = parameters.owner ?? (await signerOf(context).getAddress());
  const data = encodeSetStandingAnswer({ ...parameters, owner });
  const { mined, args } = await sendForEvent(context, "setStandingAnswer", data, "StandingAnswerSet");
  return { ...mined, stands: args["stands"] as boolean };
}
