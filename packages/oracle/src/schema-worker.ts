import { isDeepStrictEqual } from "node:util";
import { parentPort } from "node:worker_threads";
import type { Json } from "@hireforhumans/protocol";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { query } from "jsonpath-rfc9535";
import parse from "jsonpath-rfc9535/parser";
import type { Expectation, Question, SchemaResult } from "./schema-thread.ts";

/** The thread of schema-thread.ts: a message that it is there, then a question in, an answer out. */
parentPort?.on("message", (question: Question) => {
  parentPort?.postMessage(
    "schema" in question ? decide(question.schema, question.value) : compare(question.expectations, question.value),
  );
});

/** Looks whether schemas are schemas, which takes it 40 ms to learn. It keeps none of them, so strangers' schemas never meet. */
const grammar = new Ajv2020({ strict: false, logger: false });
void grammar.validateSchema({});

parentPort?.postMessage("ready");

function decide(schema: Record<string, Json>, value: Json | undefined): SchemaResult {
  const ajv = new Ajv2020({ strict: false, allErrors: false, logger: false, validateSchema: false });
  formats.default(ajv);
  try {
    void grammar.validateSchema(schema, true);
    const fits = ajv.compile(schema);
    return value === undefined || fits(value)
      ? { outcome: "fits" }
      : { outcome: "misfit", reason: ajv.errorsText(fits.errors, { dataVar: "" }) };
  } catch (error) {
    // ajv throws on a schema that is none; the reason names its fault and nothing of ours.
    return { outcome: "undecided", reason: `the schema is not usable (${messageOf(error)}).` };
  }
}

function compare(expectations: Expectation[], value: Json | undefined): SchemaResult {
  for (const { path, equals } of expectations) {
    try {
      parse(path);
      if (value === undefined) continue;
      const selected = query(value, path);
      if (selected.length === 0) return { outcome: "misfit", reason: `${path} selects nothing` };
      if (equals !== undefined && !selected.every((each) => isDeepStrictEqual(each, equals))) {
        return { outcome: "misfit", reason: `${path} is not ${JSON.stringify(equals).slice(0, 200)}` };
      }
    } catch (error) {
      // The parser throws on a query that is none.
      return { outcome: "undecided", reason: `the query ${path} is not usable (${messageOf(error)}).` };
    }
  }
  return { outcome: "fits" };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown");
