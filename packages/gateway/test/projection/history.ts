import fc from "fast-check";
import { getAddress, keccak256, toBeHex, toUtf8Bytes } from "ethers";
import { CHAIN_STATUSES, type ChainStatus } from "@hireforhumans/protocol";
import type { StoredChainEvent } from "../../src/jobs/chain-state.ts";

export const reviewWindowSeconds = 600n;

export const workers = [1n, 2n].map((digit) => getAddress(toBeHex(digit, 20)));
const client = getAddress(toBeHex(9n, 20));

type Move = Pick<StoredChainEvent, "name" | "args"> & { to: ChainStatus };

const ended = (status: ChainStatus) => ({ status: String(CHAIN_STATUSES.indexOf(status)) });

/** What the escrow lets happen next, by where the job stands; `round` is how often it was reopened. */
function movesFrom(status: ChainStatus, round: number, worker: string): Move[] {
  const until = "5000";
  const hashes = { evidenceHash: "0x01", reasonsHash: "0x02" };
  const paid: Move = { name: "Released", to: "paid", args: { worker, ...hashes, ...ended("paid") } };
  const settled = (to: ChainStatus): Move => ({ name: "Settled", to, args: ended(to) });
  const moves: Partial<Record<ChainStatus, Move[]>> = {
    none: [{ name: "Funded", to: "open", args: { client } }],
    open: [
      ...workers.map((taker): Move => ({
        name: "Accepted",
        to: "accepted",
        args: { worker: taker, round: `${round}`, until },
      })),
      { name: "Completed", to: "paid", args: { worker, ...hashes, ...ended("paid") } },
      { name: "Completed", to: "approved", args: { worker, ...hashes, ...ended("approved") } },
      { name: "Cancelled", to: "refunded", args: { client } },
      { name: "Refunded", to: "refunded", args: { client } },
    ],
    accepted: [
      { name: "Reopened", to: "open", args: { worker, round: `${round + 1}` } },
      { name: "Submitted", to: "submitted", args: { worker, evidenceHash: "0x01", until } },
    ],
    submitted: [
      paid,
      { name: "Released", to: "approved", args: { worker, ...hashes, ...ended("approved") } },
      { name: "Rejected", to: "rejected", args: { worker, ...hashes, until } },
      { name: "Disputed", to: "disputed", args: { by: client, until } },
      settled("paid"),
    ],
    approved: [paid, { name: "Disputed", to: "disputed", args: { by: client, until } }, settled("paid")],
    rejected: [
      { name: "Disputed", to: "disputed", args: { by: worker, until } },
      { name: "Refunded", to: "refunded", args: { client } },
    ],
    disputed: [
      ...(["paid", "refunded", "split"] as const).map((to): Move => ({
        name: "Ruled",
        to,
        args: { ...ended(to), workerShareBps: "5000" },
      })),
      settled("split"),
    ],
  };
  return moves[status] ?? [];
}

/** Any life of a job that the escrow allows, whole or begun. */
export function history(): fc.Arbitrary<StoredChainEvent[]> {
  return fc.array(fc.nat(), { maxLength: 12 }).map((choices) => {
    let [status, round, worker]: [ChainStatus, number, string] = ["none", 0, workers[0] ?? ""];
    const events: StoredChainEvent[] = [];
    for (const [index, choice] of choices.entries()) {
      const moves = movesFrom(status, round, worker);
      const move = moves[choice % Math.max(1, moves.length)];
      if (move === undefined) break;
      ({ to: status } = move);
      if (move.name === "Reopened") round += 1;
      worker = move.args["worker"] ?? worker;
      const transactionHash = keccak256(toUtf8Bytes(`transaction ${index}`));
      events.push({ name: move.name, args: move.args, transactionHash, timestampSeconds: BigInt(1000 + index) });
    }
    return events;
  });
}
