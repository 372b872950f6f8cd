import { Writable } from "node:stream";
import { onTestFailed } from "vitest";
import { createLogger } from "../../src/observability/log.ts";

export const silentLog = createLogger("silent");

/** A log that is shown only if the test fails. Call it in a test. */
export function logOfTest(): ReturnType<typeof createLogger> {
  const { log, lines } = recordingLog();
  onTestFailed(() =>
    console.error(
      lines
        .slice(-50)
        .map((line) => JSON.stringify(line))
        .join("\n"),
    ),
  );
  return log;
}

/** A log that keeps its lines, for tests of what an operator gets to read. */
export function recordingLog(): { log: ReturnType<typeof createLogger>; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { log: createLogger("debug", destination), lines };
}
