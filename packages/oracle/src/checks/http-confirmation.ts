import { z } from "zod";
import type { Json } from "@hireforhumans/protocol";
import { type Check, fail, type Finding, itemsOf, pass, type Sources, unsure } from "../check.ts";
import { type Expectation, meetsExpectations } from "../schema-thread.ts";

const answerSchema = z.object({ confirmed: z.boolean() });

/** Does the client's own system say that the case is resolved? */
export const httpConfirmation: Check<"http_confirmation"> = {
  name: "http_confirmation",
  async run({ bundle }, params, sources, signal) {
    const references = itemsOf(bundle, "http_confirmation").map((item) => item.reference);
    if (references.length === 0) {
      return fail("The job asks for a confirmation by the client's system; no reference was handed in.");
    }
    for (const reference of references) {
      const url = new URL(params.url);
      url.searchParams.set("job_id", bundle.job_id);
      url.searchParams.set("reference", reference);
      const answer = await ask(url, sources, signal);
      const problem =
        "problem" in answer
          ? unsure(answer.problem)
          : params.expect === undefined
            ? unlessConfirmed(answer.json, reference, url.host)
            : await unlessMet(params.expect, answer.json, reference, signal);
      if (problem !== undefined) return problem;
    }
    return pass("The client's system confirms it.");
  },
};

function unlessConfirmed(json: Json | undefined, reference: string, host: string): Finding | undefined {
  const answer = answerSchema.safeParse(json);
  if (!answer.success) {
    return unsure(`The client's system at ${host} did not answer {"confirmed": true} or {"confirmed": false}.`);
  }
  return answer.data.confirmed ? undefined : fail(`The client's system does not confirm "${reference}".`);
}

async function unlessMet(
  expect: Expectation[],
  json: Json | undefined,
  reference: string,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (json === undefined) return unsure("The client's system did not answer with JSON.");
  const result = await meetsExpectations(expect, json, signal);
  if (result.outcome === "fits") return undefined;
  return result.outcome === "misfit"
    ? fail(`The client's system does not confirm "${reference}": ${result.reason}.`)
    : unsure(`Whether the client's system confirms "${reference}" could not be told: ${result.reason}`);
}

/** @returns the answer, undefined where it is not JSON; or why there is none */
async function ask(
  url: URL,
  sources: Sources,
  signal: AbortSignal,
): Promise<{ json: Json | undefined } | { problem: string }> {
  let response: { status: number; body: string };
  try {
    response = await sources.fetch(url, { signal });
  } catch (error) {
    // What exactly failed is the operator's to know (it may name inner addresses); the parties learn that it did.
    const late = error instanceof Error && error.name === "TimeoutError" ? ": it did not answer in time" : "";
    return { problem: `The client's system at ${url.host} could not be asked${late}.` };
  }
  return response.status === 200
    ? { json: parse(response.body) }
    : { problem: `The client's system at ${url.host} answered with status ${response.status}, not 200.` };
}

function parse(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    // Not JSON, which the callers answer for.
    return undefined;
  }
}
