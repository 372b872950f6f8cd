import { ChainUnavailable } from "./errors.ts";
import { type ChainNode, NodeError } from "./node.ts";

/** What a node makes of signed bytes. */
export type BroadcastOutcome =
  /** It has them, from now or from before. */
  | { kind: "taken" }
  /** Their nonce is used: by them, by another transaction of the intent, or by a foreign one. Receipts tell. */
  | { kind: "nonceUsed" }
  /** A nonce before theirs is missing; they have to come again after it. */
  | { kind: "tooEarly" }
  /** They offer too little, or too little more than what they replace. */
  | { kind: "underpriced"; message: string }
  | { kind: "unaffordable"; message: string }
  /** Anything else that a node may say. */
  | { kind: "refused"; message: string }
  | { kind: "unreachable"; message: string };

/** The words of geth and Bor, Erigon, Nethermind, Besu and Hardhat; none of them has error codes for these. */
const words: [RegExp, Exclude<BroadcastOutcome["kind"], "unreachable">][] = [
  [/already ?known|known transaction|already exists/i, "taken"],
  [/nonce too low|oldnonce|nonce_too_low/i, "nonceUsed"],
  [/nonce too high|nonce gap/i, "tooEarly"],
  [/underpriced|fee ?too ?low|is too low for the next block|less than block base fee|gas price below/i, "underpriced"],
  [/insufficient ?funds|doesn't have enough funds|upfront cost exceeds/i, "unaffordable"],
];

export async function broadcastRaw(node: ChainNode, raw: string): Promise<BroadcastOutcome> {
  try {
    await node.send("eth_sendRawTransaction", [raw]);
    return { kind: "taken" };
  } catch (error) {
    if (error instanceof ChainUnavailable) return { kind: "unreachable", message: error.message };
    if (!(error instanceof NodeError)) throw error;
    const { message } = error;
    return { kind: words.find(([pattern]) => pattern.test(message))?.[1] ?? "refused", message };
  }
}
