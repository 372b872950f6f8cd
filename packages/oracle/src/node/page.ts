import { createHash } from "node:crypto";
import type { Refusal, StoredFinding } from "./store.ts";

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
code { overflow-wrap: anywhere; }
article { margin: 2rem 0; }
h2 { font-size: 1.125rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dd { margin: 0; }`;

/** Nothing but this page and its style: a text of evidence that became HTML all the same could load and send nothing. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

export interface PageContent {
  verifier: string;
  escrow: string;
  chainId: number;
  findings: readonly StoredFinding[];
  refusals: readonly Refusal[];
}

/** What a node found last, and what it refused to look at. Every text may be a stranger's. */
export function pageOf({ verifier, escrow, chainId, findings, refusals }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Oracle node ${escape(verifier)}</title>
<style>${style}</style>
<h1>Oracle node</h1>
<p><code>${escape(verifier)}</code> for the escrow <code>${escape(escrow)}</code> on chain ${chainId}.</p>
<h2>Recent verdicts</h2>
${findings.length === 0 ? "<p>None yet.</p>" : findings.map(articleOf).join("\n")}
<h2>Recent refusals</h2>
${refusals.length === 0 ? "<p>None.</p>" : refusalsOf(refusals)}
</html>
`;
}

function articleOf({ jobId, chainJobId, worker, evidenceHash, outcome, signed, checks, at }: StoredFinding): string {
  const rows = checks.map(
    ({ check, outcome, reason }) =>
      `<tr><td>${escape(check)}</td><td>${escape(outcome)}</td><td>${escape(reason)}</td></tr>`,
  );
  return `<article>
<h3>${escape(outcome)}${signed ? ", signed" : ""}</h3>
<dl>
<dt>Job</dt><dd><code>${escape(jobId)}</code></dd>
<dt>On chain</dt><dd><code>${escape(chainJobId)}</code></dd>
<dt>Worker</dt><dd><code>${escape(worker)}</code></dd>
<dt>Evidence</dt><dd><code>${escape(evidenceHash)}</code></dd>
<dt>At</dt><dd>${at.toISOString()}</dd>
</dl>
<table><tr><th>Check</th><th>Outcome</th><th>Reason</th></tr>${rows.join("")}</table>
</article>`;
}

function refusalsOf(refusals: readonly Refusal[]): string {
  const rows = refusals.map(
    ({ at, jobId, code, detail }) =>
      `<tr><td>${at.toISOString()}</td><td>${escape(jobId ?? "")}</td><td>${escape(code)}</td><td>${escape(detail)}</td></tr>`,
  );
  return `<table><tr><th>At</th><th>Job</th><th>Code</th><th>Why</th></tr>${rows.join("")}</table>`;
}
