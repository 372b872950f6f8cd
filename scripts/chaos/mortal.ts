import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Order } from "./preload.ts";

const preloadPath = fileURLToPath(new URL("preload.ts", import.meta.url));
const compileCache = fileURLToPath(new URL("../../cache/compile", import.meta.url));

export interface MortalOptions {
  /** "gateway" or "oracle", for messages. */
  name: string;
  /** The program and its arguments. */
  command: string[];
  env: Record<string, string>;
  /** Answers 200 once the process is ready. */
  readyUrl: string;
  /** The process ended though nobody had told it to die. */
  onFault: (what: string) => void;
}

/** A process of the product that is killed again and again, and started again by itself each time. */
export interface Mortal {
  /** How often it was killed. */
  deaths: number;
  /** When it was last killed, by `performance.now()`. */
  diedAt: number;
  /** Gives it an order; resolves once it was heard. */
  tell(order: Order): Promise<void>;
  /** Ends it at once, in whatever it is at. Resolves once it is gone. */
  kill(): Promise<void>;
  /** Resolves at the next death. */
  death(): Promise<void>;
  ready(): Promise<void>;
  /** The last lines that it wrote. */
  lastWords(): string;
  /** Ends it as its operator would, by SIGTERM, and does not start it again. */
  stop(): Promise<void>;
}

/** Nobody here lives long enough for the embedded database's code to be worth compiling well: a third of its start. */
const quickStart = "--liftoff-only";
const readyWithinMs = 180_000;
const wordsKept = 20_000;

export function startMortal({ name, command, env, readyUrl, onFault }: MortalOptions): Mortal {
  let words = "";
  let stopping = false;
  let dying = Promise.withResolvers<undefined>();
  let child = start();

  function start(): ChildProcess {
    const { PATH = "", NODE_COMPILE_CACHE = compileCache } = process.env;
    const started = spawn(process.execPath, [quickStart, "--import", preloadPath, ...command], {
      env: { PATH, NODE_COMPILE_CACHE, ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced",
    });
    for (const stream of [started.stdout, started.stderr])
      stream?.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-wordsKept)));
    started.once("exit", (code, signal) => {
      if (stopping) return;
      if (signal === "SIGKILL") Object.assign(mortal, { deaths: mortal.deaths + 1, diedAt: performance.now() });
      else onFault(`the ${name} ended by itself with ${signal ?? `exit code ${code}`}: ${words.slice(-2_000)}`);
      child = start();
      dying.resolve(undefined);
      dying = Promise.withResolvers();
    });
    return started;
  }

  const mortal: Mortal = {
    deaths: 0,
    diedAt: -Infinity,
    async tell(order) {
      if (!child.connected) return;
      const heard = once(child, "message");
      child.send(order);
      await Promise.race([heard, once(child, "exit")]);
    },
    async kill() {
      const gone = dying.promise;
      child.kill("SIGKILL");
      await gone;
    },
    death: () => dying.promise,
    async ready() {
      const endsAt = performance.now() + readyWithinMs;
      while (performance.now() < endsAt) {
        const answer = await fetch(readyUrl).catch(() => undefined);
        await answer?.body?.cancel();
        if (answer?.ok === true) return;
        await sleep(50);
      }
      throw new Error(`the ${name} is not ready after ${readyWithinMs / 1_000} s. It said: ${words}`);
    },
    lastWords: () => words,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await gone;
      clearTimeout(late);
    },
  };
  return mortal;
}
