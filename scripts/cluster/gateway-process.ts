import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const readyWithinMs = 180_000;

/** One gateway in a process of its own, as its operator sees it. It ends with this process, however that exits. */
export class GatewayProcess {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #words: WriteStream;
  #expected = false;
  #lastWords = "";
  /** When it last said that it sends the relayer's transactions, by its clock in milliseconds; 0: never. */
  tookLeaseAt = 0;

  /** @param root the folder of the code that it runs */
  constructor(options: {
    name: string;
    root: string;
    port: number;
    env: Record<string, string>;
    logFolder: string;
    /** It ended though nobody had ended it. */
    onFault: (what: string) => void;
  }) {
    const { name, root, port, env, logFolder, onFault } = options;
    this.name = name;
    this.port = port;
    this.#words = createWriteStream(join(logFolder, `${name}.log`), { flags: "a" });
    const { PATH = "" } = process.env;
    this.#child = spawn(process.execPath, [join(root, "packages/gateway/src/main.ts")], {
      cwd: root,
      env: { PATH, ...env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        this.#words.write(`${line}\n`);
        const said = /"time":"([^"]+)".*this process sends the relayer's transactions/.exec(line);
        if (said !== null) this.tookLeaseAt = Date.parse(said[1] ?? "");
      });
    this.#child.stderr?.pipe(this.#words, { end: false });
    this.#child.stderr?.on("data", (words: Buffer) => (this.#lastWords = words.toString()));
    const end = () => this.#child.kill("SIGKILL");
    process.once("exit", end);
    this.#gone = once(this.#child, "exit").then(() => {
      process.removeListener("exit", end);
      const { exitCode, signalCode } = this.#child;
      if (!this.#expected)
        onFault(`${name} ended by itself with ${signalCode ?? `exit code ${exitCode ?? "unknown"}`}`);
    });
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async ready(): Promise<void> {
    const endsAt = performance.now() + readyWithinMs;
    while (performance.now() < endsAt) {
      if (!this.alive) throw new Error(`${this.name} ended before it was ready: ${this.#lastWords}`);
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok === true) return;
      await sleep(50);
    }
    throw new Error(`${this.name} is not ready after ${readyWithinMs / 1_000} s`);
  }

  /** As the loss of its power would. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  /** As its operator does for an upgrade: it finishes what it is about. */
  async drain(): Promise<void> {
    this.#expected = true;
    this.#child.kill("SIGTERM");
    await this.#gone;
  }

  /** It stands still, with all that it holds. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }
}
