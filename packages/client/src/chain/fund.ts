import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";

export interface FundParameters {
  terms: Terms;
}

export interface FundResult extends Mined {
  /** The job's id on chain. */
  jobId: string;
  /** In base units. */
  reward: bigint;
  /** In base units; paid on top of the reward. */
  fee: bigint;
}

/** What the terms can be refused for. */
export type TermsRefusal =
  | "AlreadyFunded"
  | "RewardOutOfRange"
  | "DeadlineOutOfRange"
  | "WindowOutOfRange"
  | "ShareOutOfRange"
  | "MinReputationOutOfRange"
  | "PartyMissing";

/** `Error` is USDC's own refusal (balance, allowance, paused); its text is in the message. */
export type FundError = ContractCallError<TermsRefusal | "SpendingLimitExceeded" | "SpendingLimitExpired" | "Error">;

export function encodeFund({ terms }: FundParameters): string {
  return escrowInterface.encodeFunctionData("fund", [terms]);
}

/**
 * Puts reward and fee into escrow from the client's allowance. The signer is the terms' client, or its operator inside
 * the spending limit.
 * @throws FundError
 * @example
 * await escrow.approve({ amount: totalOf(terms.reward) });
 * const { jobId } = await escrow.fund({ terms });
 */
export async function fund(context: ChainContext, parameters: FundParameters): Promise<FundResult> {
  return fundedOf("fund", await sendToEscrow(context, "fund", encodeFund(parameters)));
}

/** What the event `Funded` of a mined call says. */
export function fundedOf(verb: string, { events, ...mined }: Awaited<ReturnType<typeof sendToEscrow>>): FundResult {
  const { args } = eventOf(verb, "Funded", events);
  return {
    ...mined,
    jobId: args["jobId"] as string,
    reward: args["reward"] as bigint,
    fee: args["fee"] as bigint,
  };
}
