import { emptinessOf, problemOfEvent, problemOfQuestion } from "@hireforhumans/oracle";
import { ApiError, type CheckRequest, type JobCreate } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { allowedTypes } from "../evidence/uploads.ts";

type Parts = Pick<Context, "network" | "config">;

/** A schema or query that takes longer to read than this is not one that people write. */
const limitMs = 5_000;

/**
 * Refuses a rubric that no evidence can meet, as far as that can be told: nobody should work for what can't pass.
 * @throws ApiError invalid_request
 */
export async function requireSatisfiable(ctx: Parts, { acceptance }: JobCreate): Promise<void> {
  if (acceptance === undefined) return;
  if (acceptance.response_schema !== undefined) {
    const param = "acceptance.response_schema";
    const schema = acceptance.response_schema;
    const empty = emptinessOf(schema);
    if (empty !== undefined) throw refused(param, `no value fits it: ${empty}`);
    const problem = await problemOfQuestion({ schema }, AbortSignal.timeout(limitMs));
    if (problem !== undefined) throw refused(param, problem);
  }
  for (const [index, check] of acceptance.checks.entries()) {
    const problem = await problemOfCheck(ctx, check);
    if (problem !== undefined) throw refused(`acceptance.checks.${index}.params`, problem);
  }
  requireCommonType(acceptance.checks);
}

async function problemOfCheck(ctx: Parts, { check, params }: CheckRequest): Promise<string | undefined> {
  switch (check) {
    case "document_type":
      return params.media_types.some((type) => allowedTypes.has(type))
        ? undefined
        : `none of ${params.media_types.join(", ")} is taken as a file; these are: ${[...allowedTypes].join(", ")}`;
    case "http_confirmation": {
      const refusal = await ctx.network.refusalOf(params.url);
      if (refusal !== undefined) return `the URL can't be asked: ${refusal}`;
      if (params.expect === undefined) return undefined;
      return problemOfQuestion({ expectations: params.expect }, AbortSignal.timeout(limitMs));
    }
    case "transaction": {
      const { chainId } = ctx.config;
      if (params.chain_id !== undefined && params.chain_id !== chainId) {
        return `chain ${params.chain_id} can't be looked at from here, only chain ${chainId}`;
      }
      return params.event && problemOfEvent(params.event);
    }
    default:
      return undefined;
  }
}

/** Each file has to be of a type that each of the checks names. */
function requireCommonType(checks: CheckRequest[]): void {
  const named = checks.flatMap(({ check, params }) => (check === "document_type" ? [params.media_types] : []));
  if (named.length === 0 || named[0]?.some((type) => named.every((types) => types.includes(type)))) return;
  throw refused("acceptance.checks", "its document_type checks have no media type in common, so no file fits them all");
}

const refused = (param: string, detail: string) =>
  new ApiError("invalid_request", `The rubric can't be met: ${detail.replace(/\.$/, "")}.`, { param });
