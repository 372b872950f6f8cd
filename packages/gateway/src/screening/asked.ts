import type { Context as JobContext, Json, JobCreate } from "@hireforhumans/protocol";

/** A text that the worker of a job will see, and the field that holds it. */
export interface AskedText {
  param: string;
  text: string;
}

/**
 * What speaks to whoever does the job. A conversation is full of what others asked of others (a bot for a code, a customer
 * for money back), so in conversations, tool calls and an agent's state only what is addressed like this counts.
 */
const addressed =
  /\b(?:workers?|freelancers?|contractors?|taskers?|dear (?:human|helper)|human helper|whoever (?:takes|accepts|does|gets|picks up|works on)|(?:this|your) (?:job|task|gig|assignment))\b/i;

/** Every text of a job that its worker will see, but what others said to others. What is only its client's is left out. */
export function askedOf(request: JobCreate): AskedText[] {
  const { description, category, domain, requirements, certifications, acceptance, context = {}, state } = request;
  const { conversation_history, attempts, ...told } = context;
  return [
    { param: "description", text: description },
    ...textsIn("category", worded(category)),
    ...textsIn("domain", worded(domain ?? "")),
    ...textsIn("requirements", requirements ?? []),
    ...textsIn("certifications", (certifications ?? []).map(worded)),
    ...textsIn("acceptance", (acceptance ?? null) as Json),
    ...textsIn("context", withWordedNames(told) as Json),
    ...addressedIn("context.conversation_history", conversation_history ?? null),
    ...addressedIn("context.attempts", (attempts ?? null) as Json),
    ...addressedIn("state", state ?? null),
  ];
}

/** Names of files and kinds hold words without blanks. */
const worded = (name: string): string => name.replace(/[_.:/-]+/g, " ");

function withWordedNames(context: Partial<JobContext>) {
  const { attachments, ...rest } = context;
  if (attachments === undefined) return rest;
  const named = attachments.map(({ name, ...attachment }) => ({ ...attachment, name: worded(name ?? "") }));
  return { ...rest, attachments: named };
}

const addressedIn = (param: string, value: Json): AskedText[] =>
  textsIn(param, value).filter(({ text }) => addressed.test(text));

/** The strings of a value, and the names of its members. */
function textsIn(param: string, value: Json): AskedText[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [{ param, text: value }];
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((entry, index) => textsIn(`${param}.${index}`, entry));
  return Object.entries(value).flatMap(([name, entry]) => [
    ...(name.length > MOST_NAME ? [{ param, text: name }] : []),
    ...textsIn(`${param}.${name.slice(0, MOST_NAME)}`, entry),
  ]);
}

/** Names of members are short; longer ones are sentences. */
const MOST_NAME = 40;
