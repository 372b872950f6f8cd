import { toQuantity } from "ethers";
import { explainRevert } from "@hireforhumans/protocol";
import { type ChainNode, NodeError, type Receipt } from "./node.ts";
import type { FailureReason, Intent } from "./intent.ts";

/**
 * Why a transaction was reverted. A receipt does not say, so the call is made again: on the state after its block, and
 * where it would now succeed, on the state before.
 */
export async function reasonOf(node: ChainNode, intent: Intent, receipt: Receipt): Promise<FailureReason> {
  const call = { from: intent.signer, to: intent.to, data: intent.data, gas: toQuantity(intent.gasLimit) };
  for (const number of [receipt.blockNumber, receipt.blockNumber - 1n]) {
    const refusal = explainRevert((await revertData(node, call, number)) ?? "0x");
    if (refusal !== undefined) {
      const { name, code, message } = refusal;
      return { name, code, message, transactionHash: receipt.transactionHash };
    }
  }
  return {
    name: "Unknown",
    code: "chain_rejected",
    message: `The chain reverted transaction ${receipt.transactionHash} without a reason; it may have run out of gas.`,
    transactionHash: receipt.transactionHash,
  };
}

async function revertData(node: ChainNode, call: object, block: bigint): Promise<string | undefined> {
  try {
    await node.send("eth_call", [call, toQuantity(block)]);
    return undefined;
  } catch (error) {
    if (error instanceof NodeError) return error.data;
    throw error;
  }
}
