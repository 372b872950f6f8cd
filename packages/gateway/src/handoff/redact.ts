import type { Acceptance, ContextPacket, Json } from "@hireforhumans/protocol";
import { KnownValues } from "./known-values.ts";
import { plain, scrub } from "./scrub.ts";

/** Enough to tell whether a job fits; the whole comes with acceptance. */
const MAX_GOAL = 280;
const MAX_QUESTION = 200;
const MAX_OPTION = 60;
const MAX_OPTIONS = 10;

/** How many times as much is read as may be shown. No text that a request may hold is longer, unless made plain it swells. */
const READ = 36;
/** Values longer than this are texts, in which a name is one word of many. */
const MAX_NAME = 60;
/** What the end of reading may halve: a value, or a number's first three digits. A mark is up to four times as long. */
const MAX_HALVED = 4 * MAX_NAME;

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
  const goal = beginningOf(packet.goal, MAX_GOAL);
  const question = packet.question === null ? null : beginningOf(packet.question, MAX_QUESTION);
  const options = packet.response_options.slice(0, MAX_OPTIONS).map((option) => beginningOf(option, MAX_OPTION));
  const read = [goal, ...(question === null ? [] : [question]), ...options].map(({ text }) => text);
  const known = knownValues(packet, { texts: read, longest: MAX_NAME });
  const [toldGoal, toldQuestion] = [told(goal, known), question === null ? null : told(question, known)];
  return {
    version: packet.version,
    job_id: packet.job_id,
    reason: packet.reason,
    goal: toldGoal.text,
    question: toldQuestion?.text ?? null,
    acceptance: withoutParameters(packet.acceptance),
    response_options: options.map((option) => told(option, known).text),
    deadline_at: packet.deadline_at,
    redactions: [
      ...(toldGoal.removed ? ["goal"] : []),
      ...(toldQuestion?.removed === true ? ["question"] : []),
      ...withheld.filter((member) => !isEmpty(packet[member])),
    ],
  };
}

interface Beginning {
  text: string;
  isWhole: boolean;
  /** How much may be shown of it. */
  length: number;
}

function beginningOf(text: string, length: number): Beginning {
  const whole = plain(text);
  const read = whole.slice(0, READ * length);
  return { text: read, isWhole: read === whole, length };
}

/** Scrubbed first, then cut, so that no cut halves what must not be seen, however much before it shrinks to a mark. */
function told({ text, isWhole, length }: Beginning, known: KnownValues): { text: string; removed: boolean } {
  const { text: scrubbed, removed } = scrub(text, known);
  const most = isWhole ? length : Math.min(length, scrubbed.length - MAX_HALVED);
  return { text: shorten(scrubbed, most), removed: removed.size > 0 };
}

/** Cut at the end of a word. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, Math.max(0, length + 1));
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

/**
 * The values by which the packet names its customer: they must not be seen, and neither must the words of a name.
 * @param within where they will be looked for, if that is known
 */
export function knownValues(
  packet: ContextPacket,
  within?: { texts: readonly string[]; longest: number },
): KnownValues {
  const values: string[] = [];
  const add = (value: Json) => {
    if (typeof value === "number") values.push(String(value));
    else if (typeof value === "string") {
      if (value.length <= MAX_NAME) values.push(value);
    } else if (Array.isArray(value)) value.forEach(add);
    else if (value !== null && typeof value === "object") Object.values(value).forEach(add);
  };
  add(packet.entities);
  add(packet.user_confirmed);
  for (const turn of packet.transcript) {
    for (const [name, value] of Object.entries(turn)) if (name !== "role" && name !== "content") add(value);
  }
  return new KnownValues(within).addWithWords(values);
}
