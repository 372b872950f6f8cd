import type { EvidenceItem, Offer } from "@hireforhumans/protocol";
import { type Job, type JobStatus, parseUsdc } from "@hireforhumans/protocol";
import { devAccounts } from "../chain/dev-accounts.ts";
import { type Cast, domain, reputationOf, type Worker } from "./cast.ts";
import { short, type Step, Timeline, usdc } from "./timeline.ts";
import { until } from "../stack/until.ts";

/** What `demo --json` tells of a story; amounts are decimal strings of USDC. */
export interface Story {
  job_id: string;
  escrow_transaction_hash: string | null;
  release_transaction_hash: string | null;
  refund_transaction_hash: string | null;
  reward: string;
  fee: string;
  worker_received: string;
  client_paid: string;
  reputation_before: number;
  reputation_after: number;
  webhook_verified: boolean;
  steps: Step[];
}

const workWindowMinutes = 10;
const deadlineMinutes = 30;

export type Request = Parameters<Cast["agent"]["jobs"]["create"]>[0];

const request = (cast: Cast, reward: string): Request => ({
  category: domain,
  description: "Customer c_1042 was charged twice for order 7781 and asks for a person. Find out and settle it.",
  context: {
    customer_id: "c_1042",
    conversation_history: [
      { role: "customer", content: "You charged me twice! I want to talk to a human." },
      { role: "agent", content: "I am sorry. I found two charges of $42.00 but I may not refund that much." },
    ],
  },
  requirements: ["english", "support_experience"],
  reward,
  currency: "USDC",
  deadline_minutes: deadlineMinutes,
  work_window_minutes: workWindowMinutes,
  webhook_url: cast.webhooks.url,
});

/** a. Posted, funded, matched, worked on, verified and paid. */
export async function paid(cast: Cast): Promise<Story> {
  const { ada, ben } = cast;
  await ben.api.setPresence("offline");
  await ada.api.setPresence("online");
  const timeline = new Timeline("Story 1: a case is resolved, verified and paid");
  const books = await openBooks(cast, ada);
  const job = await post(cast, timeline, "12.00");
  const offer = await takeOffer(timeline, ada, job);
  await deliver(cast, timeline, ada, offer);
  return close(cast, timeline, books, { job, worker: ada, expect: "paid" });
}

/** b. The first worker lets the work window lapse; another finishes. */
export async function reopened(cast: Cast): Promise<Story> {
  const { ada, ben, stack } = cast;
  const timeline = new Timeline("Story 2: a worker disappears, another finishes");
  await ada.api.setPresence("online");
  const books = await openBooks(cast, ben);
  const scoreBefore = await reputationOf(ada);
  const job = await post(cast, timeline, "15.00");
  await takeOffer(timeline, ada, job);
  await onChain(cast, job, "accepted");
  await ada.api.setPresence("offline");
  await ben.api.setPresence("online");
  await timeline.step(
    "lapse",
    "clock",
    () => stack.chain.increaseTime(workWindowMinutes * 60 + 1),
    () => `Ada never comes back: the chain's clock is moved ${workWindowMinutes} minutes and a second forward`,
  );
  await timeline.step(
    "reopened",
    "escrow",
    () => cast.webhooks.received(job.job_id, "job.reopened"),
    (event) => `open again for others, round ${event.data.round}`,
  );
  const offer = await takeOffer(timeline, ben, job);
  await deliver(cast, timeline, ben, offer);
  const scoreAfter = await until("Ada's reputation falls", async () => {
    const score = await reputationOf(ada);
    return score < scoreBefore ? score : undefined;
  });
  timeline.note(`Ada's reputation: ${scoreBefore} -> ${scoreAfter}`);
  return close(cast, timeline, books, { job, worker: ben, expect: "paid" });
}

/** c. Nobody delivers; the client gets everything back, fee included. */
export async function refunded(cast: Cast): Promise<Story> {
  const { ada, ben, stack } = cast;
  const timeline = new Timeline("Story 3: nobody delivers, the client gets all of it back");
  await ben.api.setPresence("offline");
  await ada.api.setPresence("online");
  const books = await openBooks(cast, ada);
  const job = await post(cast, timeline, "20.00");
  await timeline.step(
    "declined",
    "Ada",
    async () => ada.api.offers.decline((await offerFor(ada, job)).id, "I am about to leave."),
    (offer) => `"${offer.reason ?? ""}"`,
  );
  await ada.api.setPresence("offline");
  await timeline.step(
    "deadline",
    "clock",
    () => stack.chain.increaseTime(deadlineMinutes * 60 + 1),
    () => `nobody else is there: the chain's clock is moved ${deadlineMinutes} minutes and a second forward`,
  );
  return close(cast, timeline, books, { job, worker: ada, expect: "refunded" });
}

export async function post(
  cast: Cast,
  timeline: Timeline,
  reward: string,
  overrides: Partial<Request> = {},
): Promise<Job> {
  const job = await timeline.step(
    "posted",
    "agent",
    () => cast.agent.jobs.create({ ...request(cast, reward), ...overrides }),
    (made) => `${made.job_id}: ${made.reward} + ${made.fee} fee, tx ${short(made.escrow_transaction_hash ?? "")}`,
  );
  await timeline.step(
    "funded",
    "escrow",
    () => onChain(cast, job, "open"),
    () => `holds ${job.total} USDC`,
  );
  return job;
}

export async function takeOffer(timeline: Timeline, worker: Worker, job: Job): Promise<Offer> {
  const offer = await timeline.step(
    "offered",
    "gateway",
    () => offerFor(worker, job),
    (made) => `to ${worker.name}, ${made.reward} USDC; personal data held back`,
  );
  const { packet } = await timeline.step(
    "accepted",
    worker.name,
    () => worker.api.offers.accept(offer),
    () => "signs; the gateway carries it, no gas needed",
  );
  timeline.note(
    `${worker.name} now reads the whole conversation (${packet.transcript.length} turns) of ${JSON.stringify(packet.entities["customer_id"])}`,
  );
  return offer;
}

export async function deliver(
  cast: Cast,
  timeline: Timeline,
  worker: Worker,
  offer: Offer,
  more: EvidenceItem[] = [],
): Promise<void> {
  const report = new Blob([`Refunded the second charge of $42.00 on order 7781.\nCase: ${offer.job_id}\n`]);
  await timeline.step(
    "evidence",
    worker.name,
    async () => {
      const file = await worker.api.files.upload(report, "report.txt");
      const item = {
        kind: "file" as const,
        sha256: file.sha256,
        name: file.name,
        media_type: file.media_type,
        size_bytes: file.size_bytes,
      };
      return worker.api.evidence.submit(offer, {
        resolution: `Refunded the second charge; the customer is content (${offer.job_id}).`,
        worker_notes: "The payment provider had retried a timed-out charge.",
        items: [
          item,
          { kind: "text", text: `Called the customer back about ${offer.job_id}; confirmed by phone.` },
          ...more,
        ],
      });
    },
    (evidence) => `hash ${short(evidence.evidence_hash)}, signed`,
  );
  await timeline.step(
    "verdict",
    "oracle",
    () => until("there is a verdict", () => cast.agent.jobs.verdict(offer.job_id).catch(() => undefined)),
    (verdict) => `${verdict.outcome}: ${verdict.reasons.summary}`,
  );
}

async function offerFor(worker: Worker, job: Job): Promise<Offer> {
  return until(`${worker.name} gets an offer`, async () => {
    const { data } = await worker.api.offers.list({ status: "pending" });
    return data.find((offer) => offer.job_id === job.job_id);
  });
}

export const onChain = (cast: Cast, job: Job, status: JobStatus): Promise<Job> =>
  until(`job ${job.job_id} is ${status}`, async () => {
    const now = await cast.agent.jobs.get(job.job_id);
    if (now.status === "failed") throw new Error(`the job failed: ${now.failure?.message ?? "no reason"}`);
    return now.status === status ? now : undefined;
  });

/** What everybody has by the chain's own word, so that the story can be checked against it at its end. */
export async function openBooks({ stack }: Cast, worker: Worker) {
  const [client, worked, fees, reputation] = await Promise.all([
    stack.usdcOf(devAccounts.client.address),
    stack.usdcOf(worker.address),
    stack.creditOf(devAccounts.treasury.address),
    reputationOf(worker),
  ]);
  return { client, worked, fees, reputation };
}

export type Books = Awaited<ReturnType<typeof openBooks>>;

interface Ending {
  job: Job;
  worker: Worker;
  expect: "paid" | "refunded";
}

export async function close(
  cast: Cast,
  timeline: Timeline,
  before: Books,
  { job, worker, expect }: Ending,
): Promise<Story> {
  const done = await timeline.step(
    expect,
    "escrow",
    () => onChain(cast, job, expect),
    (end) => `tx ${short(end.release_transaction_hash ?? end.refund_transaction_hash ?? "")}`,
  );
  const type = expect === "paid" ? "job.completed" : "job.refunded";
  const event = await timeline.step(
    "webhook",
    "agent",
    () => cast.webhooks.received(job.job_id, type),
    () => `${type}, signature good`,
  );
  const reputation = await settledReputation(worker, before.reputation, expect);
  const after = await openBooks(cast, worker);
  tellBooks(timeline, worker, before, after, reputation);
  const story: Story = {
    job_id: job.job_id,
    escrow_transaction_hash: done.escrow_transaction_hash,
    release_transaction_hash: done.release_transaction_hash,
    refund_transaction_hash: done.refund_transaction_hash,
    reward: job.reward,
    fee: job.fee,
    worker_received: usdc(after.worked - before.worked),
    client_paid: usdc(before.client - after.client),
    reputation_before: before.reputation,
    reputation_after: reputation,
    webhook_verified: event.data.status === expect,
    steps: timeline.steps,
  };
  check(story, expect, after.fees - before.fees);
  return story;
}

/** The gateway reads the score from the chain right after the payment. */
function settledReputation(worker: Worker, before: number, expect: Ending["expect"]): Promise<number> {
  if (expect === "refunded") return reputationOf(worker);
  return until(`${worker.name}'s reputation rises`, async () => {
    const score = await reputationOf(worker);
    return score > before ? score : undefined;
  });
}

function tellBooks(timeline: Timeline, worker: Worker, before: Books, after: Books, reputation: number): void {
  timeline.note(`balances     client ${usdc(before.client)} -> ${usdc(after.client)}`);
  timeline.note(
    `             ${worker.name} ${usdc(before.worked)} -> ${usdc(after.worked)}, reputation ${before.reputation} -> ${reputation}`,
  );
  timeline.note(`             treasury (fees waiting in escrow) ${usdc(before.fees)} -> ${usdc(after.fees)}`);
}

/** @throws where the chain's books do not say what the story says */
function check(story: Story, expect: Ending["expect"], feesTaken: bigint): void {
  const [reward, fee] = [parseUsdc(story.reward), parseUsdc(story.fee)];
  const expected =
    expect === "paid" ? { worker: reward, client: reward + fee, fees: fee } : { worker: 0n, client: 0n, fees: 0n };
  const actual = { worker_received: story.worker_received, client_paid: story.client_paid, fees: usdc(feesTaken) };
  const wanted = {
    worker_received: usdc(expected.worker),
    client_paid: usdc(expected.client),
    fees: usdc(expected.fees),
  };
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
    throw new Error(`the books are off: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
  }
  if (!story.webhook_verified) throw new Error(`the webhook of ${story.job_id} does not say ${expect}`);
}
