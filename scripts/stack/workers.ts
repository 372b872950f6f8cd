import { setTimeout as sleep } from "node:timers/promises";
import { createWorkerClient, type WorkerClient } from "@hireforhumans/client";
import type { EvidenceItem, EvidenceKind, Offer } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { devAccounts } from "../chain/dev-accounts.ts";

interface Person {
  name: string;
  country: string;
  online: boolean;
  profiles: Parameters<WorkerClient["createProfile"]>[0][];
}

const support = "customer_support_escalation";

/** Who lives on a development stack. The last two are there but away, as people are. */
const people: Person[] = [
  {
    name: "Ada",
    country: "DE",
    online: true,
    profiles: [{ domain: support, skills: ["support_experience", "billing"], languages: ["english", "german"] }],
  },
  {
    name: "Ben",
    country: "US",
    online: true,
    profiles: [
      { domain: support, skills: ["support_experience", "retention"], languages: ["english", "spanish"] },
      { domain: "technical_support", skills: ["debugging", "linux", "api"], languages: ["english"] },
    ],
  },
  {
    name: "Chidi",
    country: "NG",
    online: true,
    profiles: [
      { domain: support, skills: ["support_experience", "writing"], languages: ["english", "french"] },
      { domain: "content_moderation", skills: ["moderation"], languages: ["english", "french"] },
    ],
  },
  {
    name: "Dana",
    country: "IL",
    online: false,
    profiles: [{ domain: "compliance", skills: ["gdpr", "legal"], languages: ["english"] }],
  },
  {
    name: "Emi",
    country: "JP",
    online: false,
    profiles: [{ domain: support, skills: ["support_experience"], languages: ["english", "japanese"] }],
  },
];

export interface SeededWorkers {
  /** "Ada (online)", … */
  names: string[];
  stop(): Promise<void>;
}

/**
 * Signs people up over the API, as anyone would, and lets those who are online answer.
 * @param answer false: they are online and get offers, but you answer them.
 */
export async function seedWorkers(baseUrl: string, { answer }: { answer: boolean }): Promise<SeededWorkers> {
  const stopping = new AbortController();
  const shifts: Promise<void>[] = [];
  for (const [index, person] of people.entries()) {
    const account = devAccounts.workers[index];
    if (account === undefined) throw new Error(`there is no development account for ${person.name}`);
    const api = createWorkerClient({ baseUrl, signer: new Wallet(account.privateKey) });
    await signUp(api, person);
    if (person.online) shifts.push(workShift(api, baseUrl, person, answer, stopping.signal));
  }
  return {
    names: people.map(({ name, online }) => `${name} (${online ? "online" : "away"})`),
    async stop() {
      stopping.abort();
      await Promise.all(shifts);
    },
  };
}

async function signUp(api: WorkerClient, person: Person): Promise<void> {
  await api.signIn();
  await api.update({ name: person.name, country: person.country });
  for (const profile of person.profiles) await api.createProfile(profile);
  await api.setPresence(person.online ? "online" : "offline");
}

const lookEveryMs = 500;
/** As long as a person takes in a film of the thing, not in life. */
const readingMs = 1_000;
const workingMs = 2_000;

/** Looks for offers until the end of the shift. Looking also shows that one is still there. */
async function workShift(
  api: WorkerClient,
  baseUrl: string,
  { name }: Person,
  answer: boolean,
  signal: AbortSignal,
): Promise<void> {
  const rest = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const over = () => signal.aborted;
  while (!over()) {
    try {
      const { data } = await api.offers.list({ status: "pending" }, { signal });
      if (answer) for (const offer of data) await handle(api, baseUrl, offer, rest);
    } catch (error) {
      if (!over()) console.log(`  ${name} could not answer: ${error instanceof Error ? error.message : String(error)}`);
    }
    await rest(lookEveryMs);
  }
}

async function handle(
  api: WorkerClient,
  baseUrl: string,
  offer: Offer,
  rest: (ms: number) => Promise<unknown>,
): Promise<void> {
  await rest(readingMs);
  const acceptance = offer.packet.acceptance;
  const impossible = [
    ...(acceptance?.required_evidence ?? []).filter((kind) => itemOf(kind, offer, baseUrl) === undefined),
    ...(acceptance?.checks ?? []).map(({ check }) => check).filter((check) => check !== "text_length"),
    ...(offer.packet.response_schema ? ["response_schema"] : []),
  ];
  if (impossible.length > 0) {
    await api.offers.decline(offer.id, `A development worker can't give: ${impossible.join(", ")}.`);
    return;
  }
  await api.offers.accept(offer);
  await rest(workingMs);
  const kinds = new Set<EvidenceKind>(["text", ...(acceptance?.required_evidence ?? [])]);
  await api.evidence.submit(offer, {
    resolution: `Looked into it and settled it with the customer (${offer.category}).`,
    worker_notes: "Answered by a worker of the development stack.",
    items: [...kinds].flatMap((kind) => itemOf(kind, offer, baseUrl) ?? []),
  });
}

/** What a made-up person can hand in. */
function itemOf(kind: EvidenceKind, offer: Offer, baseUrl: string): EvidenceItem | undefined {
  if (kind === "text") {
    return {
      kind,
      text: `Case ${offer.job_id}: talked to the customer, found the cause, settled it and wrote it down. `.repeat(4),
    };
  }
  if (kind === "json") return { kind, value: { job_id: offer.job_id, settled: true } };
  // A page that is there, since links are fetched.
  if (kind === "link") return { kind, url: `${baseUrl}/docs` };
  return undefined;
}
