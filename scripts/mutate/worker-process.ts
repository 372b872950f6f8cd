import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { root } from "./compile.ts";
import type { Outcome, Trial } from "./worker.ts";

/** A process of worker.ts, which does one trial after the other. */
export class WorkerProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(tests: string[]): Promise<WorkerProcess> {
    const child = fork(new URL("worker.ts", import.meta.url), tests, { cwd: root });
    const worker = new WorkerProcess(child);
    await worker.#answer();
    return worker;
  }

  async try(trial: Trial): Promise<Outcome> {
    const answer = this.#answer();
    this.#child.send(trial);
    return (await answer) as Outcome;
  }

  stop(): void {
    this.#child.kill();
  }

  async #answer(): Promise<unknown> {
    const waiting = new AbortController();
    const died = once(this.#child, "exit", waiting).then(([code, signal]) => {
      throw new Error(`a process that tried mutants ended by itself (code ${String(code)}, signal ${String(signal)})`);
    });
    try {
      const [message] = (await Promise.race([once(this.#child, "message", waiting), died])) as [unknown];
      return message;
    } finally {
      waiting.abort();
      died.catch(() => undefined);
    }
  }
}
