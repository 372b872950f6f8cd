import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  ArbitrationPool__factory,
  type Case,
  type CasePhase,
  type Job,
  parseUsdc,
  type VoteName,
} from "@hireforhumans/protocol";
import type { WorkerClient } from "@hireforhumans/client";
import { devAccounts } from "../chain/dev-accounts.ts";
import { localProvider } from "../chain/provider.ts";
import { until } from "../stack/until.ts";
import { callJuror, type Cast } from "./cast.ts";
import { close, deliver, onChain, openBooks, post, type Story, takeOffer } from "./stories.ts";
import { short, Timeline, usdc } from "./timeline.ts";

/** What `demo --json` tells of a case beside its story; amounts are decimal strings of USDC. */
export interface RuledStory extends Story {
  /** What each side put up. */
  bonds: { worker: string; client: string };
  /** What the jurors got of the loser's bond. */
  juror_fees: string;
  jurors: { address: string; vote: VoteName | null; rewarded: string; slashed: string }[];
  slashes: { juror: string; amount: string }[];
  dispute_transaction_hash: string;
  ruling_transaction_hash: string | null;
}

const reward = "12.00";
/** By seat: two see that the work was done, one does not. */
const votes: VoteName[] = ["worker", "client", "worker"];

/** d. The verifier fails good work; its worker disputes, and three jurors undo the verdict. */
export async function ruled(cast: Cast): Promise<RuledStory> {
  const { ada, ben, agent } = cast;
  await ben.api.setPresence("offline");
  await ada.api.setPresence("online");
  const timeline = new Timeline("Story 4: a wrong verdict, disputed, and undone by three jurors");
  const system = await startLaggingSystem();
  const pool = openPool(cast);
  try {
    const [books, before] = [await openBooks(cast, ada), await pool.books()];
    const checks = [{ check: "http_confirmation" as const, params: { url: system.url } }];
    const job = await post(cast, timeline, reward, { acceptance: { checks } });
    const offer = await takeOffer(timeline, ada, job);
    await deliver(cast, timeline, ada, offer, [{ kind: "http_confirmation", reference: "refund-7781" }]);
    await timeline.step(
      "rejected",
      "escrow",
      () => onChain(cast, job, "rejected"),
      () => "the client's own system lags behind, so the verdict is wrong: the refund is done",
    );
    const disputed = await openCase(cast, timeline, job);
    await moveClock(cast, timeline, disputed, "the evidence window");
    await judge(cast, timeline, job);
    await moveClock(cast, timeline, await inPhase(cast, job, "appealing"), "the time for an appeal");
    const story = await close(cast, timeline, books, { job, worker: ada, expect: "paid" });
    await cast.webhooks.received(job.job_id, "case.ruled");
    const found = await agent.arbitration.case(job.job_id);
    const after = await pool.books();
    tellPool(timeline, found, before, after);
    checkPool(found, before, after);
    return withCase(story, found, await pool.disputeTransactionOf(job));
  } finally {
    pool.close();
    system.stop();
  }
}

async function openCase(cast: Cast, timeline: Timeline, job: Job): Promise<Case> {
  const { ada, agent } = cast;
  const statement = "The second charge is refunded, see report.txt. Your system shows it a day late.";
  const opened = await timeline.step(
    "disputed",
    "Ada",
    async () => {
      await ada.api.arbitration.dispute(job, statement);
      return inPhase(cast, job, "answering");
    },
    (found) => `bonds ${found.parties.worker.bonded} out of her balance in the pool: "${found.statement.body ?? ""}"`,
  );
  return timeline.step(
    "answered",
    "agent",
    async () => {
      await agent.arbitration.answer(opened);
      return inPhase(cast, job, "waiting");
    },
    (found) => `the client's wallet stands by the verdict and bonds ${found.parties.client.bonded}, too`,
  );
}

/** From the draw to the panel's decision. */
async function judge(cast: Cast, timeline: Timeline, job: Job): Promise<void> {
  const drawn = await timeline.step(
    "drawn",
    "pool",
    () => inPhase(cast, job, "committing"),
    (found) =>
      `by Chainlink's randomness: ${seatsOf(found)
        .map(({ juror }) => short(juror))
        .join(", ")}`,
  );
  const jurors: WorkerClient[] = [];
  for (const { juror } of seatsOf(drawn)) jurors.push(await callJuror(cast, juror));
  await timeline.step(
    "committed",
    "jurors",
    async () => {
      for (const [seat, { arbitration }] of jurors.entries()) {
        await arbitration.commit(await arbitration.case(job.job_id), votes[seat] ?? "unclear");
      }
      return inPhase(cast, job, "revealing");
    },
    () => "three sealed votes in one transaction; nobody can read them, the gateway neither",
  );
  await timeline.step(
    "revealed",
    "jurors",
    async () => {
      for (const { arbitration } of jurors) await arbitration.reveal(await arbitration.case(job.job_id));
      return inPhase(cast, job, "appealing");
    },
    (found) =>
      `${seatsOf(found)
        .map(({ vote }) => vote ?? "none")
        .join(", ")}: for the ${found.standing}`,
  );
}

const seatsOf = ({ panels }: Case) => panels.at(-1)?.seats ?? [];

function moveClock(cast: Cast, timeline: Timeline, { until: end }: Case, what: string): Promise<number> {
  return timeline.step(
    "clock",
    "clock",
    async () => {
      const seconds = Math.max(0, (end ?? 0) - (await cast.stack.chain.timeSeconds())) + 1;
      await cast.stack.chain.increaseTime(seconds);
      return seconds;
    },
    (seconds) => `${what} passes: the chain's clock is moved ${(seconds / 3600).toFixed(1)} hours forward`,
  );
}

const inPhase = (cast: Cast, job: Job, phase: CasePhase): Promise<Case> =>
  until(`the case of ${job.job_id} is ${phase}`, async () => {
    const found = await cast.agent.arbitration.case(job.job_id).catch(() => undefined);
    return found?.phase === phase ? found : undefined;
  });

/** What everybody has in the pool by the chain's own word, in base units. */
interface PoolBooks {
  client: bigint;
  worker: bigint;
  stakes: Map<string, bigint>;
  /** Its USDC: everybody's balances, bonds and stakes. */
  held: bigint;
}

function openPool({ stack, ada }: Cast) {
  const provider = localProvider(stack.chain.url);
  const pool = ArbitrationPool__factory.connect(stack.deployment.arbitrationPool, provider);
  return {
    async books(): Promise<PoolBooks> {
      const [client, worker, held, stakes] = await Promise.all([
        pool.balance(devAccounts.client.address),
        pool.balance(ada.address),
        stack.usdcOf(stack.deployment.arbitrationPool),
        Promise.all(
          devAccounts.jurors.map(async ({ address }) => [address, (await pool.jurorOf(address)).stake] as const),
        ),
      ]);
      return { client, worker, held, stakes: new Map(stakes) };
    },
    async disputeTransactionOf(job: Job): Promise<string> {
      const [opened] = await pool.queryFilter(pool.filters.Opened(job.chain_job_id), stack.deployment.deployBlock);
      if (opened === undefined) throw new Error(`the pool has never opened a case about ${job.job_id}`);
      return opened.transactionHash;
    },
    close: () => provider.destroy(),
  };
}

const gain = (before: PoolBooks, after: PoolBooks, juror: string): bigint =>
  (after.stakes.get(juror) ?? 0n) - (before.stakes.get(juror) ?? 0n);

function tellPool(timeline: Timeline, found: Case, before: PoolBooks, after: PoolBooks): void {
  timeline.note(`in the pool  client ${usdc(before.client)} -> ${usdc(after.client)} (lost the bond)`);
  timeline.note(
    `             Ada ${usdc(before.worker)} -> ${usdc(after.worker)} (her bond back, and what the jurors left of the client's)`,
  );
  for (const { juror, vote } of seatsOf(found)) {
    const change = gain(before, after, juror);
    timeline.note(
      `             ${short(juror)} voted ${vote ?? "nothing"}: stake ${change < 0n ? "" : "+"}${usdc(change)}${change < 0n ? ", slashed" : ""}`,
    );
  }
}

/** @throws where the chain's books do not say what the case says */
function checkPool(found: Case, before: PoolBooks, after: PoolBooks): void {
  const bond = parseUsdc(found.parties.client.bonded);
  const fees = parseUsdc(found.fees ?? "0", { allowZero: true });
  const expected = {
    client: -bond,
    worker: bond - fees,
    held: 0n,
    ...Object.fromEntries(
      found.payments.map(({ address, rewarded, slashed }) => [
        address,
        parseUsdc(rewarded, { allowZero: true }) - parseUsdc(slashed, { allowZero: true }),
      ]),
    ),
  };
  const actual = {
    client: after.client - before.client,
    worker: after.worker - before.worker,
    held: after.held - before.held,
    ...Object.fromEntries(found.payments.map(({ address }) => [address, gain(before, after, address)])),
  };
  const shown = (books: Record<string, bigint>) =>
    JSON.stringify(Object.fromEntries(Object.entries(books).map(([name, units]) => [name, usdc(units)])));
  if (shown(actual) !== shown(expected)) {
    throw new Error(`the pool's books are off: ${shown(actual)} instead of ${shown(expected)}`);
  }
  if (found.winner !== "worker" || found.payments.every(({ slashed }) => slashed === "0.00")) {
    throw new Error("the case did not end for the worker with the wrong vote slashed");
  }
}

function withCase(story: Story, found: Case, disputeTransactionHash: string): RuledStory {
  const paymentOf = (juror: string) => found.payments.find(({ address }) => address === juror);
  const jurors = seatsOf(found).map(({ juror, vote }) => ({
    address: juror,
    vote,
    rewarded: paymentOf(juror)?.rewarded ?? "0.00",
    slashed: paymentOf(juror)?.slashed ?? "0.00",
  }));
  return {
    ...story,
    bonds: { worker: found.parties.worker.bonded, client: found.parties.client.bonded },
    juror_fees: found.fees ?? "0.00",
    jurors,
    slashes: jurors
      .filter(({ slashed }) => slashed !== "0.00")
      .map(({ address, slashed }) => ({ juror: address, amount: slashed })),
    dispute_transaction_hash: disputeTransactionHash,
    ruling_transaction_hash: found.ruling_transaction_hash,
  };
}

/** The client's system, which has not heard of the refund yet and so denies it. */
async function startLaggingSystem(): Promise<{ url: string; stop(): void }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ confirmed: false }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/refunds`,
    stop: () => server.close().closeAllConnections(),
  };
}
