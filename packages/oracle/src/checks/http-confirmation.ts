import { z } from "zod";
import { type Check, fail, itemsOf, pass, type Sources, unsure } from "../check.ts";

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
      if (typeof answer === "string") return unsure(answer);
      if (!answer.confirmed) return fail(`The client's system does not confirm "${reference}".`);
    }
    return pass("The client's system confirms it.");
  },
};

/** @returns the answer, or why there is none */
async function ask(url: URL, sources: Sources, signal: AbortSignal): Promise<z.infer<typeof answerSchema> | string> {
  let response: { status: number; body: string };
  try {
    response = await sources.fetch(url, { signal });
  } catch (error) {
    // What exactly failed is the operator's to know (it may name inner addresses); the parties learn that it did.
    return `The client's system at ${url.host} could not be asked${error instanceof Error && error.name === "TimeoutError" ? ": it did not answer in time" : ""}.`;
  }
  if (response.status !== 200)
    return `The client's system at ${url.host} answered with status ${response.status}, not 200.`;
  const answer = answerSchema.safeParse(parse(response.body));
  return answer.success
    ? answer.data
    : `The client's system at ${url.host} did not answer {"confirmed": true} or {"confirmed": false}.`;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Not JSON: the schema refuses it with the one reason for all wrong answers.
    return undefined;
  }
}
