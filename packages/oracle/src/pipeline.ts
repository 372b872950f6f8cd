import type { CheckName, CheckResult, Outcome } from "@hireforhumans/protocol";
import type { Logger } from "pino";
import type { Check, Finding, ParamsOf, Sources, VerificationRequest } from "./check.ts";
import { contentHash } from "./checks/content-hash.ts";
import { customerConfirmation } from "./checks/customer-confirmation.ts";
import { documentType } from "./checks/document-type.ts";
import { duplicate } from "./checks/duplicate.ts";
import { fileSafety } from "./checks/file-safety.ts";
import { httpConfirmation } from "./checks/http-confirmation.ts";
import { link } from "./checks/link.ts";
import { peerReview } from "./checks/peer-review.ts";
import { requiredEvidence } from "./checks/required-evidence.ts";
import { responseSchema } from "./checks/response-schema.ts";
import { rubric } from "./checks/rubric.ts";
import { textLength } from "./checks/text-length.ts";
import { transaction } from "./checks/transaction.ts";

/** Every check there is, by name. */
export const checks: { [Name in CheckName]: Check<Name> } = {
  required_evidence: requiredEvidence,
  content_hash: contentHash,
  file_safety: fileSafety,
  response_schema: responseSchema,
  duplicate,
  text_length: textLength,
  link,
  document_type: documentType,
  customer_confirmation: customerConfirmation,
  http_confirmation: httpConfirmation,
  transaction,
  rubric,
  peer_review: peerReview,
};

/** Longer than a slow system of a client takes to answer, shorter than a worker's patience. */
const limitMs = 10_000;

/** Runs the checks that always run and those that the job asks for, all at once; the results keep the order. */
export function runChecks(request: VerificationRequest, sources: Sources, log: Logger): Promise<CheckResult[]> {
  const { acceptance, response_schema } = request.packet;
  const run = <Name extends CheckName>(name: Name, params: ParamsOf<Name>) =>
    runCheck(checks[name], params, request, sources, log);
  const always = [
    run("content_hash", undefined),
    run("required_evidence", undefined),
    run("duplicate", undefined),
    run("file_safety", undefined),
    ...(wantsLinkCheck(request) ? [run("link", {})] : []),
    ...((response_schema ?? acceptance.response_schema) ? [run("response_schema", undefined)] : []),
    ...(request.reviews === undefined && acceptance.reviewers === 0 ? [] : [run("peer_review", undefined)]),
  ];
  const asked = acceptance.checks.map((request) => run(request.check, request.params));
  return Promise.all([...always, ...asked]);
}

/** Whether links were handed in that no check of the job's own looks at. */
const wantsLinkCheck = ({ packet, bundle }: VerificationRequest): boolean =>
  bundle.items.some(({ kind }) => kind === "link") && !packet.acceptance.checks.some(({ check }) => check === "link");

/** A check that breaks or takes too long can't tell; it fails nobody. */
async function runCheck<Name extends CheckName>(
  check: Check<Name>,
  params: ParamsOf<Name>,
  request: VerificationRequest,
  sources: Sources,
  log: Logger,
): Promise<CheckResult> {
  const signal = AbortSignal.timeout(limitMs);
  const late = new Promise<Finding>((resolve) => {
    signal.addEventListener("abort", () => resolve({ outcome: "unsure", reason: "This check did not end in time." }), {
      once: true,
    });
  });
  try {
    const { outcome, reason, details } = await Promise.race([check.run(request, params, sources, signal), late]);
    return { check: check.name, outcome, reason: reason.slice(0, 2000), ...(details === undefined ? {} : { details }) };
  } catch (error) {
    log.error({ err: error, check: check.name, job_id: request.bundle.job_id }, "a check broke");
    return { check: check.name, outcome: "unsure", reason: "This check could not be completed." };
  }
}

/** One fail fails; else one unsure leaves it open; else it passes. */
export function outcomeOf(results: readonly CheckResult[]): Outcome {
  if (results.some((result) => result.outcome === "fail")) return "fail";
  return results.some((result) => result.outcome === "unsure") ? "unsure" : "pass";
}
