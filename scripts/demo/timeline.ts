import { formatUsdc } from "@hireforhumans/protocol";

export interface Step {
  name: string;
  elapsed_ms: number;
}

/** Tells a story step by step: when, who, what, and the transaction where there is one. */
export class Timeline {
  readonly steps: Step[] = [];
  readonly #startedAt = performance.now();

  constructor(title: string) {
    console.log(`\n${title}\n`);
  }

  /** Does one step and tells it once it is done. `tell` makes the line of what came of it. */
  async step<Result>(
    name: string,
    who: string,
    work: () => Promise<Result>,
    tell: (result: Result) => string,
  ): Promise<Result> {
    const began = performance.now();
    const result = await work().catch((error: unknown) => {
      throw new Error(`step "${name}" failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
    this.steps.push({ name, elapsed_ms: Math.round(performance.now() - began) });
    const atSeconds = ((performance.now() - this.#startedAt) / 1000).toFixed(2);
    console.log(`  ${atSeconds.padStart(6)} s  ${who.padEnd(10)} ${name.padEnd(12)} ${tell(result)}`);
    return result;
  }

  /** A line of its own, outside the steps. */
  note(text: string): void {
    console.log(`            ${text}`);
  }
}

export const usdc = (units: bigint): string => (units < 0n ? `-${formatUsdc(-units)}` : formatUsdc(units));

/** Shortened for a line: 0x1234…cdef. */
export const short = (hex: string): string => `${hex.slice(0, 6)}…${hex.slice(-4)}`;
