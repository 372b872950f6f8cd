import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Case, isBad, type Result } from "./campaign.ts";
import type { Outcome } from "./play.ts";

const folder = fileURLToPath(new URL("played/", import.meta.url));

interface Line {
  number: number;
  engine: string;
  title: string;
  outcome: Outcome;
}

/** Good outcomes of earlier runs with the same seed, so that a long run that was cut off goes on where it was. */
export class Kept {
  readonly #file: string;
  readonly #lines: Map<number, Line>;

  private constructor(file: string, lines: readonly Line[]) {
    this.#file = file;
    this.#lines = new Map(lines.map((line) => [line.number, line]));
  }

  static async open(seed: string): Promise<Kept> {
    await mkdir(folder, { recursive: true });
    const file = `${folder}${encodeURIComponent(seed)}.jsonl`;
    const text = existsSync(file) ? await readFile(file, "utf8") : "";
    // The last line is cut short where the process was killed while it wrote it.
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return new Kept(
      file,
      lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Line),
    );
  }

  /** Undefined where it was not played, or another case had its number then. */
  resultOf({ number, engine, fault, title, point }: Case): Result | undefined {
    const line = this.#lines.get(number);
    if (line?.engine !== engine || line.title !== title) return undefined;
    return { number, engine, fault, title, point, outcome: line.outcome };
  }

  async add({ number, engine, title, outcome }: Result): Promise<void> {
    if (isBad(outcome)) return;
    await appendFile(this.#file, `${JSON.stringify({ number, engine, title, outcome } satisfies Line)}\n`);
  }
}
