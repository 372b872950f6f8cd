import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, type Sources } from "./compile.ts";
import { hashOf } from "./state.ts";

/** How a test file ran on the contracts as they are. */
export interface Rehearsal {
  durationMs: number;
  /** It tests what the deployed code costs: other code, compiled faster, would fail on it. */
  gasBound: boolean;
}

/** A rehearsal holds as long as the contracts, the test and what all tests share are those of then. */
type Line = Rehearsal & { test: string; program: string };

const FILE = join(root, "cache", "mutation", "rehearsals.jsonl");

/** Rehearsals of this run and of earlier ones. */
export class Rehearsals {
  readonly #contracts: Sources;
  readonly #tests: Sources;
  readonly #lines: Map<string, Line>;

  private constructor(contracts: Sources, tests: Sources, lines: Line[]) {
    this.#contracts = contracts;
    this.#tests = tests;
    this.#lines = new Map(lines.map((line) => [line.test, line]));
  }

  static async open(contracts: Sources, tests: Sources): Promise<Rehearsals> {
    await mkdir(join(FILE, ".."), { recursive: true });
    const lines = (await readFile(FILE, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
    return new Rehearsals(
      contracts,
      tests,
      lines.map((line) => JSON.parse(line) as Line),
    );
  }

  get(test: string): Rehearsal | undefined {
    const line = this.#lines.get(test);
    return line?.program === this.#programOf(test) ? line : undefined;
  }

  async set(test: string, rehearsal: Rehearsal): Promise<void> {
    const line = { test, program: this.#programOf(test), ...rehearsal };
    this.#lines.set(test, line);
    await appendFile(FILE, `${JSON.stringify(line)}\n`);
  }

  #programOf(test: string): string {
    const shared = [...this.#tests].filter(([path]) => path === test || path.startsWith("test/support/"));
    return hashOf(new Map([...this.#contracts, ...shared]));
  }
}
