import {
  FetchRequest,
  type JsonRpcError,
  type JsonRpcPayload,
  JsonRpcProvider,
  Network,
  getBigInt,
  getNumber,
  isError,
  toQuantity,
} from "ethers";
import pRetry from "p-retry";
import { SpanKind } from "@opentelemetry/api";
import { traced } from "../observability/traces.ts";
import { ChainUnavailable } from "./errors.ts";

/** The node answered, and the answer is an error. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly method: string;
  readonly code: number;
  /** Revert data, 0x hex, where the node gave any. */
  readonly data: string | undefined;

  constructor(method: string, { code, message, data }: JsonRpcError["error"]) {
    super(message ?? `The node refused ${method} with code ${code}.`);
    this.method = method;
    this.code = code;
    const nested: unknown = (data as { data?: unknown } | null | undefined)?.data ?? data;
    this.data = typeof nested === "string" && nested.startsWith("0x") ? nested : undefined;
  }
}

export interface Block {
  number: bigint;
  hash: string;
  parentHash: string;
  /** Unix seconds. */
  timestampSeconds: bigint;
  baseFeePerGas: bigint;
}

export interface RawLog {
  address: string;
  topics: string[];
  data: string;
  blockNumber: bigint;
  blockHash: string;
  transactionHash: string;
  logIndex: number;
}

/** What became of a transaction in the block that holds it. */
export interface Receipt {
  transactionHash: string;
  blockHash: string;
  blockNumber: bigint;
  succeeded: boolean;
  logs: RawLog[];
}

export type BlockTag = "latest" | "finalized" | bigint;

/** A node may hang; what it was asked is asked again later by whoever asked. */
const TIMEOUT_MS = 10_000;

/** One lost packet shall not cost a caller their request: a call that only reads is sent again, after some 0.05 s and 0.15 s. */
const READS_AGAIN = { retries: 2, minTimeout: 50, factor: 3, randomize: true };

/** What one process asks of the chain's node: ethers' provider, whose calls of one moment travel as one batch. */
export class ChainNode extends JsonRpcProvider {
  constructor(url: string, chainId: number) {
    const request = new FetchRequest(url);
    request.timeout = TIMEOUT_MS;
    request.setThrottleParams({ maxAttempts: 3, slotInterval: 250 });
    // A network of its own name: ethers attaches a public gas station to those that it knows.
    const network = new Network(`chain-${chainId}`, chainId);
    super(request, network, { staticNetwork: network, batchStallTime: 0, batchMaxCount: 50, cacheTimeout: -1 });
  }

  /** @throws NodeError for an answer that is an error, ChainUnavailable for none */
  override async send(method: string, params: unknown[]): Promise<unknown> {
    const ask = () => traced(method, {}, () => super.send(method, params) as Promise<unknown>, SpanKind.CLIENT);
    try {
      // What becomes of a transaction that was sent is the outbox's to find out.
      if (method === "eth_sendRawTransaction") return await ask();
      return await pRetry(ask, { ...READS_AGAIN, shouldRetry: ({ error }) => wasLost(error) });
    } catch (error) {
      if (error instanceof NodeError) throw error;
      throw new ChainUnavailable(`The node did not answer ${method}: ${(error as Error).message}`, { cause: error });
    }
  }

  override getRpcError(payload: JsonRpcPayload, answer: JsonRpcError): Error {
    return new NodeError(payload.method, answer.error);
  }

  async chainId(): Promise<bigint> {
    return getBigInt((await this.send("eth_chainId", [])) as string);
  }

  /** @returns undefined where the node has no such block */
  async block(tag: BlockTag): Promise<Block | undefined> {
    const raw = (await this.send("eth_getBlockByNumber", [toTag(tag), false])) as Record<string, string> | null;
    return raw === null ? undefined : toBlock(raw);
  }

  /** @throws NodeError where the node does not have the block */
  async logsOfBlock(blockHash: string, addresses: string[]): Promise<RawLog[]> {
    return toLogs(await this.send("eth_getLogs", [{ blockHash, address: addresses }]));
  }

  async logsOfRange(from: bigint, to: bigint, addresses: string[]): Promise<RawLog[]> {
    const filter = { fromBlock: toQuantity(from), toBlock: toQuantity(to), address: addresses };
    return toLogs(await this.send("eth_getLogs", [filter]));
  }

  async transactionCount(address: string, tag: BlockTag | "pending"): Promise<bigint> {
    return getBigInt((await this.send("eth_getTransactionCount", [address, toTag(tag)])) as string);
  }

  /** @returns undefined where no block holds the transaction */
  async receipt(transactionHash: string): Promise<Receipt | undefined> {
    const raw = (await this.send("eth_getTransactionReceipt", [transactionHash])) as Record<string, string> | null;
    if (raw === null) return undefined;
    return {
      transactionHash,
      blockHash: String(raw["blockHash"]),
      blockNumber: getBigInt(String(raw["blockNumber"])),
      succeeded: raw["status"] === "0x1",
      logs: toLogs(raw["logs"] ?? []),
    };
  }
}

/** Not so: the node's own error, a node that hung (the caller has waited long enough) and the end of this process' provider. */
function wasLost(error: Error): boolean {
  return !(error instanceof NodeError || isError(error, "TIMEOUT") || isError(error, "UNSUPPORTED_OPERATION"));
}

function toTag(tag: BlockTag | "pending"): string {
  return typeof tag === "bigint" ? toQuantity(tag) : tag;
}

function toBlock(raw: Record<string, string>): Block {
  return {
    number: getBigInt(raw["number"] ?? ""),
    hash: String(raw["hash"]),
    parentHash: String(raw["parentHash"]),
    timestampSeconds: getBigInt(raw["timestamp"] ?? ""),
    baseFeePerGas: getBigInt(raw["baseFeePerGas"] ?? "0x0"),
  };
}

function toLogs(raw: unknown): RawLog[] {
  return (raw as (Record<string, string> & { topics: string[] })[]).map((log) => ({
    address: String(log["address"]),
    topics: log.topics,
    data: String(log["data"]),
    blockNumber: getBigInt(log["blockNumber"] ?? ""),
    blockHash: String(log["blockHash"]),
    transactionHash: String(log["transactionHash"]),
    logIndex: getNumber(log["logIndex"] ?? ""),
  }));
}
