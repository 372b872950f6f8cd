import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { NodeOptions, NodeReport } from "./node-process.ts";

export interface LocalChainOptions {
  /** Default: 127.0.0.1. */
  host?: string;
  /** Default: 0, any free port. */
  port?: number;
  /** Default: 31337. */
  chainId?: number;
  /** A block every so many milliseconds. Default: a block for each transaction, at once. */
  blockIntervalMs?: number;
  /** Default: what Ethereum has at the node's hardfork. */
  blockGasLimit?: bigint;
  /** The JSON-RPC URL of a chain to start from. Its chain id has to be given as `chainId` too. */
  forkUrl?: string;
}

export interface LocalChain {
  /** Of the JSON-RPC server, over HTTP; the same host and port speak WebSocket. */
  readonly url: string;
  readonly port: number;
  readonly chainId: number;
  /** Of its process. */
  readonly pid: number;
  /** Resolves when the node is gone, with the reason; also after `stop`. */
  readonly exited: Promise<string>;
  /** One JSON-RPC call, such as `evm_snapshot`. Throws an `Error` with the node's message. */
  rpc(method: string, params?: unknown[]): Promise<unknown>;
  /** Seconds since 1970 by the latest block. */
  timeSeconds(): Promise<number>;
  /** Moves the chain's clock forward and mines a block, so that views see it. Gives the new chain time in seconds. */
  increaseTime(seconds: number): Promise<number>;
  /** Mines that many empty blocks. */
  mine(blocks?: number): Promise<void>;
  /** Idempotent. All of the chain is gone after it. */
  stop(): Promise<void>;
}

const nodeProcessPath = fileURLToPath(new URL("./node-process.ts", import.meta.url));

/**
 * Starts a real local node (Hardhat's) in a process of its own, which ends with this one however that ends.
 * `devAccounts` hold its coin. The chain lives in memory: stopped, it is gone.
 *
 * Throws an `Error` that names the port if it is taken, or with the node's own words if it can't start.
 */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const { host = "127.0.0.1", port = 0, chainId = 31337, blockIntervalMs, blockGasLimit, forkUrl } = options;
  const nodeOptions: NodeOptions = {
    host,
    port,
    chainId,
    ...(blockIntervalMs === undefined ? {} : { blockIntervalMs }),
    ...(blockGasLimit === undefined ? {} : { blockGasLimit: blockGasLimit.toString() }),
    ...(forkUrl === undefined ? {} : { forkUrl }),
  };
  const child = fork(nodeProcessPath, [JSON.stringify(nodeOptions)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = whenGone(child);
  const report = await Promise.race([firstReport(child), exited.then((reason) => ({ message: reason }))]);
  if (!("port" in report)) throw new Error(startFailure(report, host, port));
  return chainAt(`http://${host}:${report.port}`, report.port, chainId, child, exited);
}

async function firstReport(child: ChildProcess): Promise<NodeReport> {
  const [report] = (await once(child, "message")) as [NodeReport];
  return report;
}

async function whenGone(child: ChildProcess): Promise<string> {
  let lastWords = "";
  child.on("message", (report: NodeReport) => (lastWords = "message" in report ? ` It said: ${report.message}` : ""));
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return `The local chain's process ended with ${signal ?? `exit code ${code ?? "unknown"}`}.${lastWords}`;
}

function startFailure(report: { code?: string | undefined; message: string }, host: string, port: number): string {
  return report.code === "EADDRINUSE"
    ? `Port ${port} on ${host} is taken. Stop what listens there, or start the local chain on another port.`
    : `The local chain could not start: ${report.message}`;
}

function chainAt(url: string, port: number, chainId: number, child: ChildProcess, exited: Promise<string>): LocalChain {
  const rpc = (method: string, params: unknown[] = []): Promise<unknown> => call(url, method, params);

  const timeSeconds = async (): Promise<number> => {
    const block = (await rpc("eth_getBlockByNumber", ["latest", false])) as { timestamp: string };
    return Number(block.timestamp);
  };

  return {
    url,
    port,
    chainId,
    pid: child.pid ?? 0,
    exited,
    rpc,
    timeSeconds,
    async increaseTime(seconds) {
      await rpc("evm_increaseTime", [seconds]);
      await rpc("evm_mine");
      return timeSeconds();
    },
    async mine(blocks = 1) {
      // One by one: the blocks that `hardhat_mine` makes up have no state of their own to read.
      for (let mined = 0; mined < blocks; mined++) await rpc("evm_mine");
    },
    async stop() {
      // It has nothing to save, so there is nothing to wait for but its end.
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function call(url: string, method: string, params: unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(`${method} failed on the local chain: ${answer.error.message}`);
  return answer.result;
}
