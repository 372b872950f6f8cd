import { type Interface, getAddress } from "ethers";
import { arbitrationPoolInterface, escrowInterface, reputationInterface } from "@hireforhumans/protocol";
import type { ChainEvent } from "./events.ts";
import type { Block, RawLog } from "./node.ts";
import type { Deployment } from "./reader.ts";

/** Reads logs by the ABIs of the contracts that wrote them. */
export type Decode = (log: RawLog, block: Pick<Block, "timestampSeconds">) => ChainEvent | undefined;

/** @returns a decoder for the logs of one deployment; it gives undefined for what none of its ABIs knows */
export function createDecode(deployment: Deployment): Decode {
  const interfaces = new Map<string, Interface>([
    [getAddress(deployment.escrow), escrowInterface],
    [getAddress(deployment.reputation), reputationInterface],
  ]);
  if (deployment.arbitrationPool !== undefined) {
    interfaces.set(getAddress(deployment.arbitrationPool), arbitrationPoolInterface);
  }
  return (log, block) => {
    const address = getAddress(log.address);
    const parsed = interfaces.get(address)?.parseLog(log);
    if (parsed === null || parsed === undefined) return undefined;
    const args = Object.fromEntries(
      parsed.fragment.inputs.map(({ name }, index) => [name, String(parsed.args[index])]),
    );
    return {
      address,
      name: parsed.name,
      args,
      chainJobId: args["jobId"] ?? null,
      blockHash: log.blockHash,
      blockNumber: log.blockNumber,
      blockTimestampSeconds: block.timestampSeconds,
      logIndex: log.logIndex,
      transactionHash: log.transactionHash,
    };
  };
}
