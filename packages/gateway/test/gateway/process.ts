import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

const mainPath = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A gateway in a process of its own, which is killed like one that loses its power, and started again each time. */
export interface MortalGateway {
  /** How often it has died. */
  deaths(): number;
  /** Ends the process at once, in whatever it is at. It is started again by itself. */
  kill(): void;
  /** Resolves once the present process answers. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** @param env the gateway's settings, with a fixed PORT */
export function startMortalGateway(env: Record<string, string>): MortalGateway {
  const url = `http://127.0.0.1:${env["PORT"] ?? ""}`;
  let deaths = 0;
  let stopping = false;
  let words = "";
  let child = start();

  function start(): ChildProcess {
    const { PATH = "" } = process.env;
    const started = spawn(process.execPath, [mainPath], { env: { PATH, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    started.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
    started.once("exit", () => {
      if (stopping) return;
      deaths += 1;
      child = start();
    });
    return started;
  }

  return {
    deaths: () => deaths,
    kill: () => void child.kill("SIGKILL"),
    async ready() {
      const endsAt = performance.now() + 30_000;
      while (performance.now() < endsAt) {
        const answer = await fetch(`${url}/readyz`).catch(() => undefined);
        if (answer?.ok) return;
        await sleep(50);
      }
      throw new Error(`the gateway is not ready after 30 s. It said: ${words}`);
    },
    async stop() {
      stopping = true;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
