import type { LinkCopy } from "@hireforhumans/oracle";
import type { ContextPacket, EvidenceBundle, Json, ReviewCase } from "@hireforhumans/protocol";
import { KnownValues } from "../handoff/known-values.ts";
import { knownValues } from "../handoff/redact.ts";
import { scrubLightly } from "../handoff/scrub.ts";

/**
 * A case as its reviewers see it. Texts are scrubbed, lightly enough to be judged; files can't be, so they are shown without their names.
 * @param names of the parties, as this gateway knows them
 * @param linkTo where a file can be read by who has the review in hand
 * @param links what was kept of its links; shown like files, since where they lead names whose they are
 */
export function reviewCaseOf(
  packet: ContextPacket,
  bundle: EvidenceBundle,
  names: readonly string[],
  linkTo: (sha256: string) => string,
  links: readonly LinkCopy[] = [],
): ReviewCase {
  const known = knownValues(packet).add([packet.job_id, bundle.worker, ...names]);
  const clean = (text: string) => scrubLightly(text, known);
  const files = bundle.items.flatMap((item, index) => {
    if (item.kind === "file") return [{ sha256: item.sha256, media_type: item.media_type }];
    const copy = links.find((link) => link.item === index)?.copy;
    return item.kind === "link" && copy ? [{ sha256: copy.sha256, media_type: copy.mediaType }] : [];
  });
  return {
    goal: clean(packet.goal),
    question: packet.question === null ? null : clean(packet.question),
    response_options: packet.response_options.map(clean),
    rubric: packet.acceptance.checks.flatMap((check) =>
      check.check === "rubric" ? [clean(check.params.question)] : [],
    ),
    resolution: clean(bundle.resolution),
    notes: clean(bundle.worker_notes),
    evidence: bundle.items.flatMap((item) => {
      const content = contentOf(item, clean);
      return content === undefined ? [] : [{ kind: item.kind, content }];
    }),
    attachments: files.map(({ sha256, media_type }, index) => ({
      uri: linkTo(sha256),
      sha256,
      name: `evidence-${index + 1}`,
      media_type,
    })),
  };
}

/** @returns undefined for a file, which is an attachment */
function contentOf(item: EvidenceBundle["items"][number], clean: (text: string) => string): Json | undefined {
  switch (item.kind) {
    case "text":
      return clean(item.text);
    case "json":
      return cleanJson(item.value, clean);
    case "link":
      return { host: new URL(item.url).hostname, note: clean(item.note ?? "") };
    case "file":
      return undefined;
    // The automatic checks have found what these prove, and each names somebody.
    case "customer_confirmation":
    case "http_confirmation":
    case "transaction":
      return "checked automatically";
  }
}

function cleanJson(value: Json, clean: (text: string) => string): Json {
  if (typeof value === "string") return clean(value);
  if (typeof value === "number") return clean(String(value)) === String(value) ? value : "[number]";
  if (Array.isArray(value)) return value.map((entry) => cleanJson(entry, clean));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [clean(name), cleanJson(entry, clean)]));
}

/** A golden case as a real one would be shown: what is taken out of those is not in it either, and its files are named alike. */
export function goldenCaseOf(written: ReviewCase, linkTo: (sha256: string) => string): ReviewCase {
  const nothing = new KnownValues();
  const clean = (text: string) => scrubLightly(text, nothing);
  return {
    goal: clean(written.goal),
    question: written.question === null ? null : clean(written.question),
    response_options: written.response_options.map(clean),
    rubric: written.rubric.map(clean),
    resolution: clean(written.resolution),
    notes: clean(written.notes),
    evidence: written.evidence.map(({ kind, content }) => ({ kind, content: cleanJson(content, clean) })),
    attachments: written.attachments.map(({ sha256, media_type }, index) => ({
      uri: linkTo(sha256),
      sha256,
      name: `evidence-${index + 1}`,
      media_type,
    })),
  };
}
