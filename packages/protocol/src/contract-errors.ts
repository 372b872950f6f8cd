import { type Result, isHexString } from "ethers";
import { formatUsdc } from "./amount.ts";
import { phases } from "./arbitration.ts";
import { arbitrationPoolInterface, escrowInterface } from "./contracts.ts";
import type { ErrorCode } from "./error-table.ts";
import { chainStatusOf, statusesOfBitmap } from "./status.ts";
import { reputationOf } from "./terms.ts";

/** What a contract said when it refused a call. */
export interface ContractRefusal {
  /** The error's name in Solidity, `Error` for a reason text, `Panic` for a failed assertion. */
  name: string;
  args: Readonly<Record<string, unknown>>;
  /** For people: what is, and what would have to be. */
  message: string;
  /** The code of the error table that fits. */
  code: ErrorCode;
}

type Explanation = { code: ErrorCode; message: (args: Result) => string };

const at = (seconds: unknown): string => new Date(Number(seconds) * 1000).toISOString();
const usdc = (units: unknown): string => `${formatUsdc(units as bigint)} USDC`;
const score = (wad: unknown): string => reputationOf(wad as bigint).toFixed(4);
const statusOf = (args: Result): string => chainStatusOf(args["actual"] as bigint);
const text = (value: unknown): string => String(value);

const phasesOf = (bitmap: bigint): string =>
  phases
    .filter((_, number) => ((bitmap >> BigInt(number)) & 1n) === 1n)
    .map((phase) => phase.toLowerCase())
    .join(" or ");
const seatOf = (args: Result): string => `Seat ${text(args["seat"])} of the panel of job ${text(args["jobId"])}`;

/** What each error of escrow and arbitration pool means, by name. A test keeps this complete. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  WrongStatus: {
    code: "wrong_status",
    message: (args) =>
      `Job ${text(args["jobId"])} is ${statusOf(args)}; it would have to be ` +
      `${statusesOfBitmap(args["allowedBitmap"] as bigint).join(" or ")}.`,
  },
  AlreadyFunded: {
    code: "wrong_status",
    message: (args) => `A job of these terms exists and is ${statusOf(args)}; another salt makes another job.`,
  },
  RewardOutOfRange: {
    code: "amount_too_large",
    message: (args) =>
      `The reward is ${usdc(args["actual"])}; it must be from ${usdc(args["min"])} to ${usdc(args["max"])}.`,
  },
  DeadlineOutOfRange: {
    code: "window_out_of_range",
    message: (args) =>
      `The deadline is ${at(args["actual"])}; it must be from ${at(args["min"])} to ${at(args["max"])}.`,
  },
  WindowOutOfRange: {
    code: "window_out_of_range",
    message: (args) =>
      `The ${text(args["window"])} window is ${text(args["actual"])} s; it must be from ${text(args["min"])} s to ${text(args["max"])} s.`,
  },
  ShareOutOfRange: {
    code: "invalid_request",
    message: (args) => `The worker's share is ${text(args["actual"])} basis points; at most ${text(args["max"])}.`,
  },
  MinReputationOutOfRange: {
    code: "invalid_request",
    message: (args) => `The least reputation is ${text(args["actual"])} in WAD; at most ${text(args["max"])}.`,
  },
  PartyMissing: {
    code: "invalid_request",
    message: (args) => `The terms name no ${text(args["party"])}; its address is zero.`,
  },
  SenderNotAllowed: {
    code: "forbidden",
    message: (args) => `The caller is ${text(args["actual"])}; it must be ${text(args["expected"])}.`,
  },
  SignatureInvalid: {
    code: "signature_invalid",
    message: (args) => `The signature is not by ${text(args["signer"])} over the digest ${text(args["digest"])}.`,
  },
  SignatureExpired: {
    code: "signature_expired",
    message: (args) => `The signature was valid until ${at(args["validUntil"])}; it is ${at(args["blockTime"])}.`,
  },
  SpendingLimitExceeded: {
    code: "insufficient_allowance",
    message: (args) =>
      `Operator ${text(args["operator"])} needs ${usdc(args["needed"])}; its limit has ${usdc(args["remaining"])} left ` +
      `and takes ${usdc(args["perJob"])} for one job at most.`,
  },
  SpendingLimitExpired: {
    code: "insufficient_allowance",
    message: (args) =>
      `The spending limit of operator ${text(args["operator"])} ended ${at(args["expiresAt"])}; it is ${at(args["blockTime"])}.`,
  },
  WorkerNotAllowed: {
    code: "account_not_allowed",
    message: (args) => `The worker is ${text(args["actual"])}; the job is for ${text(args["expected"])} only.`,
  },
  WorkerIsParty: {
    code: "account_not_allowed",
    message: (args) => `${text(args["worker"])} is this job's client, verifier or arbiter and can't be its worker.`,
  },
  ReputationTooLow: {
    code: "reputation_too_low",
    message: (args) =>
      `The reputation of ${text(args["worker"])} is ${score(args["actual"])}; this job asks for ${score(args["required"])}.`,
  },
  TooEarly: {
    code: "too_early",
    message: (args) => `It is ${at(args["blockTime"])}; this is possible from ${at(args["notBefore"])}.`,
  },
  TooLate: {
    code: "too_late",
    message: (args) => `It is ${at(args["blockTime"])}; this was possible until ${at(args["until"])}.`,
  },
  ArbiterMissing: {
    code: "arbiter_missing",
    message: (args) => `Job ${text(args["jobId"])} was funded without an arbiter.`,
  },
  NothingToWithdraw: {
    code: "nothing_to_withdraw",
    message: (args) => `${text(args["owner"])} has no credit in the escrow.`,
  },
  ParameterOutOfRange: {
    code: "invalid_request",
    message: (args) =>
      `The ${text(args["parameter"])} is ${text(args["actual"])}; it must be from ${text(args["min"])} to ${text(args["max"])}.`,
  },
  RewardAboveCap: {
    code: "arbiter_missing",
    message: (args) =>
      `The reward is ${usdc(args["actual"])}; the arbitration pool takes disputes up to ${usdc(args["max"])}.`,
  },
  WrongPhase: {
    code: "wrong_phase",
    message: (args) =>
      `The case of job ${text(args["jobId"])} is in phase ${(phases[Number(args["actual"] as bigint)] ?? "?").toLowerCase()}; ` +
      `it would have to be ${phasesOf(args["allowedBitmap"] as bigint)}.`,
  },
  BalanceTooLow: {
    code: "balance_too_low",
    message: (args) =>
      `${text(args["owner"])} has ${usdc(args["actual"])} in the arbitration pool; ${usdc(args["needed"])} are needed.`,
  },
  StakeOutOfRange: {
    code: "stake_out_of_range",
    message: (args) =>
      `The stake would be ${usdc(args["actual"])}; it must be from ${usdc(args["min"])} to ${usdc(args["max"])}.`,
  },
  StakesFrozen: {
    code: "stakes_frozen",
    message: (args) =>
      `It is ${at(args["blockTime"])}; a panel is drawn and stakes stand still until ${at(args["until"])} at the latest.`,
  },
  NotStaked: { code: "not_staked", message: (args) => `${text(args["juror"])} has nothing at stake.` },
  NothingToCollect: {
    code: "nothing_to_collect",
    message: (args) =>
      `The stake of ${text(args["juror"])} is ${usdc(args["stake"])}, of which ${usdc(args["kept"])} have to stay.`,
  },
  AlreadyRetired: {
    code: "already_retired",
    message: (args) => `${text(args["juror"])} has retired; its stake is free from ${at(args["unstakeFrom"])}.`,
  },
  StakeNotFree: {
    code: "stake_not_free",
    message: (args) =>
      `The stake of ${text(args["juror"])} has ${usdc(args["locked"])} at risk, and is free from ` +
      `${args["unstakeFrom"] === 0n ? "a time that only retiring sets" : at(args["unstakeFrom"])}; it is ${at(args["blockTime"])}.`,
  },
  NothingToDraw: {
    code: "too_early",
    message: (args) => `It is ${at(args["blockTime"])}; none of these cases waits for a panel by now.`,
  },
  SeatOutOfRange: {
    code: "invalid_request",
    message: (args) =>
      `The panel of job ${text(args["jobId"])} has no seat ${text(args["actual"])}; its last is ${text(args["max"])}.`,
  },
  AlreadyCommitted: { code: "already_committed", message: (args) => `${seatOf(args)} has committed before.` },
  NotCommitted: { code: "not_committed", message: (args) => `${seatOf(args)} has not committed.` },
  AlreadyRevealed: { code: "already_revealed", message: (args) => `${seatOf(args)} has revealed its vote.` },
  AlreadyDenounced: { code: "already_revealed", message: (args) => `${seatOf(args)} was denounced; its vote is open.` },
  CommitmentsUnknown: {
    code: "opening_invalid",
    message: (args) =>
      `The commitments given for job ${text(args["jobId"])} make ${text(args["actual"])}; those of the panel make ${text(args["expected"])}.`,
  },
  OpeningInvalid: {
    code: "opening_invalid",
    message: (args) =>
      `${seatOf(args)}: vote and salt make ${text(args["actual"])}; it committed ${text(args["expected"])}.`,
  },
  VoteOutOfRange: {
    code: "invalid_request",
    message: (args) =>
      `The vote is ${text(args["actual"])}; it must be from ${text(args["min"])} to ${text(args["max"])}.`,
  },
  NoFurtherAppeal: {
    code: "no_further_appeal",
    message: (args) =>
      `The case of job ${text(args["jobId"])} was appealed ${text(args["round"])} times, which is the most.`,
  },
  InsufficientGas: {
    code: "chain_rejected",
    message: (args) => `The call had ${text(args["actual"])} gas left; it needs ${text(args["required"])}.`,
  },
  SafeERC20FailedOperation: {
    code: "chain_rejected",
    message: (args) => `USDC (${text(args["token"])}) refused the transfer.`,
  },
};

/** USDC gives its reasons as text; these are the ones a caller can do something about. */
const USDC_REASONS: readonly [RegExp, ErrorCode, string][] = [
  [/exceeds balance/, "insufficient_funds", "The payer holds less USDC than needed."],
  [/exceeds allowance/, "insufficient_allowance", "The payer allowed the escrow less USDC than needed."],
  [/authorization is used/, "authorization_refused", "The authorization was used or cancelled before."],
  [/authorization is (?:expired|not yet)/, "authorization_refused", "The authorization is not valid at this time."],
  [/permit is expired/, "authorization_refused", "The permit has expired."],
  [/invalid signature/, "authorization_refused", "The payer did not sign this payment."],
  [/blacklisted/, "account_not_allowed", "USDC's issuer has blocked an account of this job."],
  [/Pausable: paused/, "unavailable", "USDC's issuer has paused all transfers; nothing is lost."],
];

/** Explains the bytes with which a contract refused a call, or undefined where they say nothing. */
export function explainRevert(data: string): ContractRefusal | undefined {
  const error =
    isHexString(data) && data.length >= 10
      ? (escrowInterface.parseError(data) ?? arbitrationPoolInterface.parseError(data))
      : null;
  if (error === null) return undefined;
  if (error.name === "Error") return explainReason(text(error.args[0]));
  if (error.name === "Panic") return explainPanic(text(error.args[0]));
  const args = error.args.toObject() as Record<string, unknown>;
  const explanation = EXPLANATIONS[error.name];
  if (explanation !== undefined) {
    return { name: error.name, args, code: explanation.code, message: explanation.message(error.args) };
  }
  const shown = Object.entries(args).map(([name, value]) => `${name} ${text(value)}`);
  return { name: error.name, args, code: "chain_rejected", message: `${error.name}(${shown.join(", ")})` };
}

function explainPanic(code: string): ContractRefusal {
  const message = `The contract stopped at an internal check (panic code ${code}).`;
  return { name: "Panic", args: { code }, code: "chain_rejected", message };
}

function explainReason(reason: string): ContractRefusal {
  const known = USDC_REASONS.find(([pattern]) => pattern.test(reason));
  const [, code, message] = known ?? [undefined, "chain_rejected" as const, "The contract refused the call."];
  return { name: "Error", args: { reason }, code, message: `${message} (${reason})` };
}

/**
 * Explains a contract's refusal that an ethers call failed with, wherever the provider has put its bytes, or undefined
 * when the error is something else (a lost connection, say).
 */
export function explainCallError(error: unknown): ContractRefusal | undefined {
  const seen = new Set<unknown>();
  const rest: unknown[] = [error];
  while (rest.length > 0 && seen.size < 50) {
    const current = rest.shift();
    if (typeof current === "string") {
      const refusal = explainRevert(current);
      if (refusal !== undefined) return refusal;
    } else if (typeof current === "object" && current !== null && !seen.has(current)) {
      seen.add(current);
      const { data, info, error: inner, cause } = current as Record<string, unknown>;
      rest.push(data, info, inner, cause);
    }
  }
  return undefined;
}
