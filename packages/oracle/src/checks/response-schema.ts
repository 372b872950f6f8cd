import { type Check, fail, itemsOf, pass, unsure } from "../check.ts";
import { fitsSchema } from "../schema-thread.ts";

/** Does the structured evidence fit the JSON Schema of the job? */
export const responseSchema: Check<"response_schema"> = {
  name: "response_schema",
  async run({ packet, bundle }, _, __, signal) {
    const schema = packet.response_schema ?? packet.acceptance.response_schema;
    if (schema === undefined) return pass("The job has no schema.");
    const values = itemsOf(bundle, "json").map((item) => item.value);
    if (values.length === 0) return fail("The job has a schema for structured evidence; none was handed in.");
    const problems: string[] = [];
    for (const value of values) {
      const result = await fitsSchema(schema, value, signal);
      if (result.outcome === "fits") return pass("The structured evidence fits the job's schema.");
      if (result.outcome === "undecided")
        return unsure(`Whether the structured evidence fits could not be told: ${result.reason}`);
      problems.push(result.reason);
    }
    return fail(`The structured evidence does not fit the job's schema: ${problems.join("; ").slice(0, 1500)}`);
  },
};
