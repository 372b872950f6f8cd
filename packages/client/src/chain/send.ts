import { type LogDescription, type TransactionReceipt, isCallException } from "ethers";
import { escrowInterface } from "@hireforhumans/protocol";
import { type ChainContext, providerOf, signerOf } from "./context.ts";
import { callErrorOf, ContractCallError } from "./errors.ts";

/** A transaction that is in a block. */
export interface Mined {
  transactionHash: string;
  blockNumber: number;
  gasUsed: bigint;
}

/** A call of the escrow that is in a block, with what the escrow told about it. */
export interface MinedCall extends Mined {
  events: LogDescription[];
}

/**
 * Sends a call to the escrow and waits until it is in a block. The call is estimated first, so that a refusal costs
 * nothing and is explained.
 * @throws ContractCallError
 */
export async function sendToEscrow(
  context: ChainContext,
  verb: string,
  data: string,
  gasLimit?: bigint,
): Promise<MinedCall> {
  const receipt = await send(context, verb, { to: context.deployment.escrow, data, gasLimit });
  const events = receipt.logs
    .filter((log) => log.address.toLowerCase() === context.deployment.escrow.toLowerCase())
    .map((log) => escrowInterface.parseLog(log))
    .filter((event) => event !== null);
  return { ...minedOf(receipt), events };
}

/**
 * Sends a call to any contract and waits until it is in a block.
 * @param gasLimit estimated when left out, and a quarter more, since the chain may change until it is mined
 */
export async function send(
  context: ChainContext,
  verb: string,
  { to, data, gasLimit }: { to: string; data: string; gasLimit?: bigint | undefined },
): Promise<TransactionReceipt> {
  const signer = signerOf(context);
  try {
    const limit = gasLimit ?? ((await signer.estimateGas({ to, data })) * 5n) / 4n;
    const response = await signer.sendTransaction({ to, data, gasLimit: limit });
    const receipt = await response.wait();
    if (receipt === null) throw new Error("The provider gave no receipt.");
    return receipt;
  } catch (error) {
    throw await explained(context, verb, { from: await signer.getAddress(), to, data }, error);
  }
}

export function minedOf(receipt: TransactionReceipt): Mined {
  return { transactionHash: receipt.hash, blockNumber: receipt.blockNumber, gasUsed: receipt.gasUsed };
}

/** The event that proves a verb's effect. */
export function eventOf(verb: string, name: string, events: readonly LogDescription[]): LogDescription {
  const event = events.find((each) => each.name === name);
  if (event !== undefined) return event;
  throw new ContractCallError(verb, `the transaction was mined without the event ${name}. Is this our escrow?`, {});
}

/** A receipt says that a call failed but not why: the same call against the block before tells. */
async function explained(
  context: ChainContext,
  verb: string,
  call: { from: string; to: string; data: string },
  error: unknown,
): Promise<ContractCallError> {
  const failed = isCallException(error) && error.receipt?.status === 0 ? error.receipt : undefined;
  if (failed === undefined) return callErrorOf(verb, error);
  try {
    await providerOf(context).call({ ...call, blockTag: failed.blockNumber });
  } catch (reason) {
    return callErrorOf(verb, reason);
  }
  return callErrorOf(verb, error);
}
