import type { Acceptance, ContextPacket, Json } from "@hireforhumans/protocol";
import { isPlainWord } from "./plain-words.ts";
import { plain, scrub } from "./scrub.ts";

/** Enough to tell whether a job fits; the whole comes with acceptance. */
const MAX_GOAL = 280;
const MAX_QUESTION = 200;
/** Values longer than this are texts, in which a name is one word of many. */
const MAX_NAME = 60;
const MAX_OPTIONS = 10;

/** Members that an offer never shows, whatever they hold. */
const withheld = [
  "summary",
  "transcript",
  "entities",
  "attempts",
  "user_confirmed",
  "constraints",
  "attachments",
  "response_schema",
  "state",
] as const satisfies (keyof ContextPacket)[];

/**
 * What of a packet may be told before acceptance. Only what is named here passes: category, deadline, how the work will
 * be judged, and the beginning of goal and question without anything that may tell who they speak of.
 */
export function redactPacket(packet: ContextPacket): Partial<ContextPacket> {
  const known = knownValues(packet);
  const told = (text: string, length: number) => {
    // A number or name that this first cut halves is far behind the second.
    const { text: scrubbed, removed } = scrub(plain(text).slice(0, 4 * length), known);
    return { text: shorten(scrubbed, length), removed: removed.size > 0 };
  };
  const goal = told(packet.goal, MAX_GOAL);
  const question = packet.question === null ? null : told(packet.question, MAX_QUESTION);
  return {
    version: packet.version,
    job_id: packet.job_id,
    reason: packet.reason,
    goal: goal.text,
    question: question?.text ?? null,
    acceptance: withoutParameters(packet.acceptance),
    response_options: packet.response_options.slice(0, MAX_OPTIONS).map((option) => told(option, MAX_NAME).text),
    deadline_at: packet.deadline_at,
    redactions: [
      ...(goal.removed ? ["goal"] : []),
      ...(question?.removed === true ? ["question"] : []),
      ...withheld.filter((member) => !isEmpty(packet[member])),
    ],
  };
}

/** Cut at the end of a word. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length + 1);
  const end = cut.lastIndexOf(" ");
  return end > 0 ? `${cut.slice(0, end)} …` : "…";
}

/** A check's parameters may name the client's systems; that it runs is worth knowing. */
function withoutParameters(acceptance: Acceptance): Acceptance {
  const open = acceptance.checks.filter(({ check }) => check === "text_length" || check === "customer_confirmation");
  return { required_evidence: acceptance.required_evidence, checks: open, reviewers: acceptance.reviewers };
}

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === "object" && Object.keys(value).length === 0);

/** The values by which the packet names its customer: they must not be seen, and neither must the words of a name. */
export function knownValues(packet: ContextPacket): string[] {
  const values = new Set<string>();
  const add = (value: Json) => {
    if (typeof value === "string" || typeof value === "number") addValue(values, String(value));
    else if (value !== null && typeof value === "object") Object.values(value).forEach(add);
  };
  add(packet.entities);
  add(packet.user_confirmed);
  for (const turn of packet.transcript) {
    for (const [name, value] of Object.entries(turn)) if (name !== "role" && name !== "content") add(value);
  }
  return [...values];
}

function addValue(values: Set<string>, value: string): void {
  if (value.length > MAX_NAME) return;
  values.add(value);
  for (const word of plain(value).split(/[\s,;|]+/)) if (!isPlainWord(word)) values.add(word);
}
