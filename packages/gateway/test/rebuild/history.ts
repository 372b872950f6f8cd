import type { EvidenceItem, Job, JobCreateInput, Offer } from "@hireforhumans/protocol";
import { vi } from "vitest";
import type { Stage, StagedWorker } from "../gateway/stage.ts";

/** How many jobs come to stand where: a hundred in all. */
export const wanted = {
  /** Half by their deadline, half by the client. */
  refunded: 12,
  /** Lapsed, and open in their second round. */
  reopened: 8,
  open: 6,
  paid: 44,
  rejected: 12,
  disputed: 4,
  /** The oracle waits for a customer's word. */
  submitted: 8,
  accepted: 6,
} as const;

export type State = keyof typeof wanted;
export type Lived = Record<State, string[]>;

/** Offers go by what is asked for. Nobody here speaks the first of these; only Ben the second; Ada and Ben speak English. */
const forNobody = { requirements: ["icelandic"] };
const forBen = { domain: "lapsing", requirements: ["german"] };
/** What no note of these tests meets. */
const tooLong = { acceptance: { checks: [{ check: "text_length" as const, params: { min: 5_000 } }] } };
const byCustomer = { acceptance: { checks: [{ check: "customer_confirmation" as const, params: {} }] } };

/** Lives a hundred jobs over the API, in all the states that a job can be in. */
export async function live(stage: Stage, pageUrl: string): Promise<Lived> {
  const { ada } = stage;
  const early = await liveEarly(stage);
  const open = await post(stage, wanted.open, { ...forNobody, metadata: { ticket: 81 } });

  const paid: Job[] = [];
  for (const count of [wanted.paid / 2, wanted.paid / 2]) {
    const { jobs, offers } = await acceptedBy(stage, ada, count);
    // One after the other: a worker may have few uploads under way at once.
    for (const job of jobs) await deliver(ada, offers, job, await linksFor(ada, job, pageUrl));
    await onChain(stage, jobs, "paid");
    paid.push(...jobs);
  }
  const failed = await acceptedBy(stage, ada, wanted.rejected + wanted.disputed, tooLong);
  for (const job of failed.jobs) await deliver(ada, failed.offers, job);
  await onChain(stage, failed.jobs, "rejected");
  const disputed = failed.jobs.slice(wanted.rejected);
  for (const { job_id } of disputed) {
    await ada.api.arbitration.dispute(await ada.api.jobs.get(job_id), `I did call, about ${job_id}.`);
  }
  await onChain(stage, disputed, "disputed");

  const asked = await acceptedBy(stage, ada, wanted.submitted, byCustomer);
  await Promise.all(asked.jobs.map((job) => deliverUnsure(ada, asked.offers, job)));
  await onChain(stage, asked.jobs, "submitted");
  const { jobs: inHand } = await acceptedBy(stage, ada, wanted.accepted);
  await onChain(stage, inHand, "accepted");
  return {
    ...early,
    open: idsOf(open),
    paid: idsOf(paid),
    rejected: idsOf(failed.jobs.slice(0, wanted.rejected)),
    disputed: idsOf(disputed),
    submitted: idsOf(asked.jobs),
    accepted: idsOf(inHand),
  };
}

/** Those that need the clock to move go first. */
async function liveEarly(stage: Stage): Promise<Pick<Lived, "refunded" | "reopened">> {
  const { ben } = stage;
  const half = wanted.refunded / 2;
  const late = await post(stage, half, { ...forNobody, deadline_minutes: 12, work_window_minutes: 5 });
  const withdrawn = await post(stage, half, forNobody);
  await ben.api.createProfile({ domain: forBen.domain, skills: [], languages: forBen.requirements });
  await ben.api.setPresence("online");
  const { jobs: lapsing } = await acceptedBy(stage, ben, wanted.reopened, forBen);
  await onChain(stage, lapsing, "accepted");
  await ben.api.setPresence("offline");
  await onChain(stage, withdrawn, "open");
  for (const { job_id } of withdrawn) await stage.agent.jobs.cancel(job_id);
  await onChain(stage, withdrawn, "refunded");
  await stage.stack.chain.increaseTime(12 * 60 + 1);
  await onChain(stage, late, "refunded");
  await onChain(stage, lapsing, "open");
  return { refunded: idsOf([...late, ...withdrawn]), reopened: idsOf(lapsing) };
}

/** A hundred jobs at once take their time on a busy machine. */
const until = (what: string, ask: () => Promise<boolean>): Promise<boolean> =>
  vi.waitFor(async () => (await ask()) || Promise.reject(new Error(`not yet: ${what}`)), {
    timeout: 120_000,
    interval: 100,
  });

const idsOf = (jobs: Job[]): string[] => jobs.map(({ job_id }) => job_id);

const post = (stage: Stage, count: number, overrides: Partial<JobCreateInput>): Promise<Job[]> =>
  Promise.all(Array.from({ length: count }, () => stage.post(overrides)));

async function acceptedBy(stage: Stage, worker: StagedWorker, count: number, overrides: Partial<JobCreateInput> = {}) {
  const jobs = await post(stage, count, overrides);
  const offers = new Map<string, Offer>();
  await until(`${count} jobs are offered and accepted`, async () => {
    const { data } = await worker.api.offers.list({ status: "pending", limit: 100 });
    const due = data.filter(({ job_id }) => jobs.some((job) => job.job_id === job_id));
    await Promise.all(
      due.map(async (offer) => {
        await worker.api.offers.accept(offer);
        offers.set(offer.job_id, offer);
      }),
    );
    return offers.size === count;
  });
  return { jobs, offers };
}

/** One that was kept for the worker before it was signed, and one that is fetched once the evidence is there. */
async function linksFor({ api }: StagedWorker, { job_id }: Job, url: string): Promise<EvidenceItem[]> {
  const { copy } = await api.evidence.keepLink(job_id, url);
  if (copy === null) throw new Error(`what stands at ${url} was not kept`);
  return [
    { kind: "link", url, sha256: copy.sha256 },
    { kind: "link", url: `${url}?of=${job_id}` },
  ];
}

async function deliver(
  { api }: StagedWorker,
  offers: Map<string, Offer>,
  { job_id }: Job,
  links: EvidenceItem[] = [],
): Promise<void> {
  const offer = offers.get(job_id);
  if (offer === undefined) throw new Error(`there is no offer of ${job_id}`);
  const file = await api.files.upload(new Blob([`What was agreed about ${job_id}.`]), "notes.txt");
  const items: EvidenceItem[] = [
    { kind: "text", text: `Called the customer about ${job_id}.` },
    { kind: "file", sha256: file.sha256, name: file.name, media_type: file.media_type, size_bytes: file.size_bytes },
    ...links,
  ];
  await api.evidence.submit(offer, { resolution: `Settled ${job_id}.`, worker_notes: "Was angry.", items });
}

async function deliverUnsure({ api }: StagedWorker, offers: Map<string, Offer>, { job_id }: Job): Promise<void> {
  const offer = offers.get(job_id);
  if (offer === undefined) throw new Error(`there is no offer of ${job_id}`);
  const { token_hash } = await api.evidence.askCustomer(job_id, "It is settled.");
  const items: EvidenceItem[] = [
    { kind: "customer_confirmation", token_hash },
    { kind: "text", text: `See the customer's word about ${job_id}.` },
  ];
  await api.evidence.submit(offer, { resolution: `Settled ${job_id}.`, items });
}

const onChain = (stage: Stage, jobs: Job[], status: string) =>
  until(`${jobs.length} jobs are ${status} on chain`, async () => {
    const { count } = await stage.stack.gateway.context.db
      .selectFrom("jobs")
      .select((eb) => eb.fn.countAll<bigint>().as("count"))
      .where("id", "in", idsOf(jobs))
      .where("chain_status", "=", status)
      .executeTakeFirstOrThrow();
    return Number(count) === jobs.length;
  });
