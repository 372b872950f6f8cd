import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const mainPath = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface NodeProcessOptions {
  /** Where its configuration, key and database go. */
  folder: string;
  port: number;
  privateKey: string;
  token: string;
  chainId: number;
  rpcUrl: string;
  escrow: string;
  gatewayUrl: string;
}

/** A node of the oracle in a process of its own, started as its operator does. */
export interface NodeProcess {
  url: string;
  /** Resolves once it is ready. Does nothing where it runs. */
  start(): Promise<void>;
  /** As by a loss of power: at once, in whatever it is at. */
  kill(): Promise<void>;
  /** Lets it hang: it takes connections and answers nothing. */
  freeze(): void;
  thaw(): void;
}

export async function writeNodeConfig(options: NodeProcessOptions): Promise<string> {
  const { folder, port, privateKey, chainId, rpcUrl, escrow, gatewayUrl } = options;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "key"), `${privateKey}\n`, { mode: 0o600 });
  const path = join(folder, "oracle.json");
  const config = {
    port,
    private_key: { file: join(folder, "key") },
    chain_id: chainId,
    rpc_url: rpcUrl,
    escrow,
    gateway_url: gatewayUrl,
    gateway_token: { env: "GATEWAY_TOKEN" },
    database: join(folder, "oracle.db"),
    allow_loopback: true,
    log_level: "warn",
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

export async function createNodeProcess(options: NodeProcessOptions): Promise<NodeProcess> {
  const path = await writeNodeConfig(options);
  const url = `http://127.0.0.1:${options.port}`;
  let child: ChildProcess | undefined;
  let words = "";

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  async function ready(): Promise<void> {
    const endsAt = performance.now() + 30_000;
    while (performance.now() < endsAt) {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      if (answer?.ok === true) return;
      await sleep(50);
    }
    throw new Error(`the node is not ready after 30 s. It said: ${words}`);
  }

  return {
    url,
    async start() {
      if (isRunning()) return;
      const { PATH = "" } = process.env;
      const env = { PATH, GATEWAY_TOKEN: options.token };
      child = spawn(process.execPath, [mainPath, path], { env, stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk: Buffer) => (words += chunk.toString()));
      }
      await ready();
    },
    async kill() {
      if (child === undefined || !isRunning()) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
  };
}
