import { parentPort } from "node:worker_threads";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { SchemaResult } from "./schema-thread.ts";

/** The thread of schema-thread.ts: a message that it is there, then a question in, an answer out. */
parentPort?.on("message", ({ schema, value }: { schema: object; value: unknown }) => {
  parentPort?.postMessage(decide(schema, value));
});

parentPort?.postMessage("ready");

function decide(schema: object, value: unknown): SchemaResult {
  const ajv = new Ajv2020({ strict: false, allErrors: false, logger: false });
  formats.default(ajv);
  try {
    const fits = ajv.compile(schema);
    return fits(value)
      ? { outcome: "fits" }
      : { outcome: "misfit", reason: ajv.errorsText(fits.errors, { dataVar: "" }) };
  } catch (error) {
    // ajv throws on a schema that is none; the reason names its fault and nothing of ours.
    return {
      outcome: "undecided",
      reason: `the schema is not usable (${error instanceof Error ? error.message : "unknown"}).`,
    };
  }
}
