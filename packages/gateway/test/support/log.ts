import { Writable } from "node:stream";
import { createLogger } from "../../src/observability/log.ts";

export const silentLog = createLogger("silent");

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
