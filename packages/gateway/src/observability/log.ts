import { type DestinationStream, type Logger, pino } from "pino";

export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/**
 * One JSON object a line. Parts of the gateway log through children: `log.child({ part: "outbox" })`, and name what they
 * are about by `job_id`, `intent_id`, `request_id`.
 * @param destination default: standard output
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // A caller's key must not reach the log by way of a logged request.
    redact: { paths: ["authorization", "*.authorization", "headers.authorization", "req.headers.authorization"] },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
