import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";

export interface ReopenParameters {
  terms: Terms;
}

export interface ReopenResult extends Mined {
  /** Who let the work window lapse. */
  worker: string;
  /** The job's new round. */
  round: bigint;
}

export type ReopenError = ContractCallError<"WrongStatus" | "TooEarly">;

export function encodeReopen({ terms }: ReopenParameters): string {
  return escrowInterface.encodeFunctionData("reopen", [terms]);
}

/**
 * Opens a job to others when its worker handed in nothing in time. By anyone.
 * @throws ReopenError
 * @example const { round } = await escrow.reopen({ terms });
 */
export async function reopen(context: ChainContext, parameters: ReopenParameters): Promise<ReopenResult> {
  const { events, ...mined } = await sendToEscrow(context, "reopen", encodeReopen(parameters));
  const { args } = eventOf("reopen", "Reopened", events);
  return { ...mined, worker: args["worker"] as string, round: args["round"] as bigint };
}
