import { arbitrationPoolInterface, usdcInterface } from "@hireforhumans/protocol";
import type { ChainContext } from "../chain/context.ts";
import { type Mined, type MinedCall, minedOf, send } from "../chain/send.ts";
import { sendToPool } from "./send.ts";

/** Lets the pool take this much of the signer's USDC, in base units, for `deposit`. Sets, not adds. */
export async function approvePool(context: ChainContext, { amount }: { amount: bigint }): Promise<Mined> {
  const { usdc, arbitrationPool } = context.deployment;
  const data = usdcInterface.encodeFunctionData("approve", [arbitrationPool, amount]);
  return minedOf(await send(context, "approvePool", { to: usdc, data }));
}

export function encodePoolMulticall({ calls }: { calls: string[] }): string {
  return arbitrationPoolInterface.encodeFunctionData("multicall", [calls]);
}

/** All of these calls of the pool in one transaction, or none. */
export async function poolMulticall(context: ChainContext, parameters: { calls: string[] }): Promise<MinedCall> {
  return sendToPool(context, "multicall", encodePoolMulticall(parameters));
}
