import { expect } from "chai";
import { parseUsdc } from "@hireforhumans/protocol";
import {
  deadlineMinutes,
  type Stage,
  type StagedWorker,
  startStage,
  textOf,
  workWindowMinutes,
} from "../../packages/gateway/test/gateway/stage.ts";
import { startLossyRpc } from "../../packages/gateway/test/support/lossy-rpc.ts";
import { seeded } from "../../packages/gateway/test/support/random.ts";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { freePort } from "../../scripts/stack/stack.ts";
import { until } from "../../scripts/stack/until.ts";

const reward = parseUsdc("12.00");
const fee = parseUsdc("0.30");

/** What each side has by the chain's own word. */
async function booksOf({ stack }: Stage, worker: StagedWorker) {
  return {
    client: await stack.usdcOf(devAccounts.client.address),
    worker: await stack.usdcOf(worker.address),
    fees: await stack.creditOf(devAccounts.treasury.address),
  };
}
type Books = Awaited<ReturnType<typeof booksOf>>;

const gained = (before: Books, after: Books): Books => ({
  client: after.client - before.client,
  worker: after.worker - before.worker,
  fees: after.fees - before.fees,
});
const paidOnce = { client: -reward - fee, worker: reward, fees: fee };
const nothingMoved = { client: 0n, worker: 0n, fees: 0n };

async function reputationOf({ api }: StagedWorker): Promise<number> {
  const [profile] = (await api.me()).profiles;
  return profile?.reputation ?? NaN;
}

describe("the life of a job, through chain, gateway, oracle and clients", function () {
  this.timeout(120_000);
  let stage: Stage;

  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  it("is resolved, verified and paid in the verdict's transaction, and reputation moves", async () => {
    const { ada, agent } = stage;
    const [before, score] = [await booksOf(stage, ada), await reputationOf(ada)];
    const { job } = await stage.delivered();
    const done = await stage.reached(job.job_id, "paid");
    expect(gained(before, await booksOf(stage, ada))).to.deep.equal(paidOnce);
    expect(done.resolution).to.equal(`Settled ${job.job_id}.`);
    expect((await agent.jobs.verdict(job.job_id)).outcome).to.equal("pass");
    await until("the reputation rises", async () => ((await reputationOf(ada)) > score ? true : undefined));
  });

  it("is open again for another when its worker disappears, and pays the one who delivers", async () => {
    const { ada, ben, stack } = stage;
    const { job } = await stage.accepted();
    await ada.api.setPresence("offline");
    await ben.api.setPresence("online");
    const [before, score] = [await booksOf(stage, ben), await reputationOf(ada)];
    await stack.chain.increaseTime(workWindowMinutes * 60 + 1);
    const offer = await stage.offerFor(ben, job.job_id);
    expect(offer.round).to.equal(1);
    await ben.api.offers.accept(offer);
    await ben.api.evidence.submit(offer, { resolution: "Refunded.", items: [textOf(job)] });
    await stage.reached(job.job_id, "paid");
    // The client paid when the job was funded, before the books were opened.
    expect(gained(before, await booksOf(stage, ben))).to.deep.equal({ ...paidOnce, client: 0n });
    await until("the reputation falls", async () => ((await reputationOf(ada)) < score ? true : undefined));
    await ben.api.setPresence("offline");
  });

  it("goes back to the client, fee included, when nobody delivers", async () => {
    const { ada, stack } = stage;
    const before = await booksOf(stage, ada);
    const job = await stage.post();
    await stage.reached(job.job_id, "open");
    await stack.chain.increaseTime(deadlineMinutes * 60 + 1);
    const done = await stage.reached(job.job_id, "refunded");
    expect(done.refund_transaction_hash).to.match(/^0x[0-9a-f]{64}$/);
    expect(gained(before, await booksOf(stage, ada))).to.deep.equal(nothingMoved);
  });
});

describe("the life of a job over a network that loses 15 % of the calls", function () {
  this.timeout(300_000);

  it("pays each of five jobs exactly once", async () => {
    const chainPort = await freePort();
    const lossy = await startLossyRpc(`http://127.0.0.1:${chainPort}`, seeded(7));
    const stage = await startStage({ chainPort, env: { RPC_URL: lossy.url } });
    try {
      const { ada, stack } = stage;
      const [before, nonce] = [await booksOf(stage, ada), await relayerNonce(stage)];
      lossy.loss = 0.15;
      for (let index = 0; index < 5; index++) {
        const { job } = await stage.delivered();
        await stage.reached(job.job_id, "paid");
      }
      lossy.loss = 0;
      const all = { client: 5n * paidOnce.client, worker: 5n * reward, fees: 5n * fee };
      expect(gained(before, await booksOf(stage, ada))).to.deep.equal(all);
      // Each job took fund, accept, and submit with release.
      expect(await relayerNonce(stage)).to.equal(nonce + 15);
      expect(lossy.lost.requests + lossy.lost.answers).to.be.greaterThan(10);
      expect(stack.gateway.context.config.rpcUrl).to.equal(lossy.url);
    } finally {
      await stage.stop();
      await lossy.stop();
    }
  });
});

const relayerNonce = async ({ stack }: Stage): Promise<number> =>
  Number(await stack.chain.rpc("eth_getTransactionCount", [devAccounts.relayer.address, "latest"]));
