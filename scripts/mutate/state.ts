import { createHash } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, settingsOf, type Sources } from "./compile.ts";

/** What became of a mutant. */
export type Verdict =
  /** By the first test that failed. */
  | { outcome: "killed"; by: string }
  /** All tests, and the invariants too where they were asked. */
  | { outcome: "survived"; invariants: boolean }
  /** It doesn't compile, or to the same code: no mutant. */
  | { outcome: "void" };

/** A verdict holds as long as the program and, for survivors, the tests are those of then. */
type Line = Verdict & { id: string; program: string; tests: string };

/** Verdicts of earlier runs, kept in the repository so that a run that was cut off goes on where it was, on any machine. */
export class State {
  readonly #lines: Map<string, Line>;
  readonly #file: string;
  readonly #tests: string;

  private constructor(file: string, tests: string, lines: Line[]) {
    this.#file = file;
    this.#tests = tests;
    this.#lines = new Map(lines.map((line) => [line.id, line]));
  }

  static async open(tests: Sources): Promise<State> {
    const file = join(root, "scripts", "mutate", "verdicts.jsonl");
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
    return new State(
      file,
      hashOf(tests),
      lines.map((line) => JSON.parse(line) as Line),
    );
  }

  /** @param program all sources that are compiled together with the mutant */
  get(id: string, program: Sources): Verdict | undefined {
    const line = this.#lines.get(id);
    if (line?.program !== hashOf(program)) return undefined;
    return line.outcome === "survived" && line.tests !== this.#tests ? undefined : line;
  }

  async set(id: string, program: Sources, verdict: Verdict): Promise<void> {
    const line = { id, program: hashOf(program), tests: this.#tests, ...verdict };
    this.#lines.set(id, line);
    await appendFile(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** Of sources and how they are compiled. */
export function hashOf(sources: Sources): string {
  const compiled = [...sources].map((source) => [source, settingsOf(source[0], "deployed")]);
  return createHash("sha256").update(JSON.stringify(compiled)).digest("hex").slice(0, 16);
}
