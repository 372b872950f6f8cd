import { expect } from "chai";
import { Wallet, ZeroAddress, id, type ContractTransactionResponse } from "ethers";
import {
  CHAIN_STATUSES,
  Escrow__factory,
  Reputation__factory,
  Usdc__factory,
  domainOf,
  escrowDomain,
  jobIdOf,
  saltOf,
  signWord,
  usdcDomain,
  type Escrow,
  type Terms,
  type Usdc,
} from "@hireforhumans/protocol";
import { devAccounts, type DevAccount } from "../../scripts/chain/dev-accounts.ts";
import { deployed, recordOf } from "../deploy/outcome.ts";
import { startStage, usdcAddressOf, type Stage } from "../deploy/stage.ts";
import { mintAsCircle, openUpstream, upstreamName, type Upstream } from "./upstream.ts";

const reward = 100_000_000n;
const fee = 2_500_000n;
const never = 2n ** 48n;
const domain = domainOf("customer_support");
const { client, relayer, treasury, verifier, workers } = devAccounts;
const worker = workers[0]!;

function keyOf({ privateKey }: DevAccount): Wallet {
  return new Wallet(privateKey);
}

describe(`on a fork of ${upstreamName}`, function () {
  this.timeout(120_000);
  let upstream: Upstream;
  let fork: Stage;
  let escrow: Escrow;
  let usdc: Usdc;

  before(async () => {
    upstream = await openUpstream();
    fork = await startStage("polygon", { forkUrl: upstream.url });
  });

  after(async () => {
    await fork.stop();
    await upstream.stop();
  });

  async function mined(transaction: Promise<ContractTransactionResponse>): Promise<void> {
    await (await transaction).wait();
  }

  async function balances(): Promise<Record<string, bigint>> {
    const of = async (owner: string): Promise<bigint> => usdc.balanceOf(owner);
    return {
      client: await of(client.address),
      worker: await of(worker.address),
      escrow: await of(await escrow.getAddress()),
      treasury: await of(treasury.address),
    };
  }

  it("deploys beside Polygon's USDC", async () => {
    await deployed(fork);
    const record = await recordOf(fork);
    expect(record.usdc).to.equal(usdcAddressOf(fork.target));

    const sender = new Wallet(relayer.privateKey, fork.provider);
    escrow = Escrow__factory.connect(record.escrow, sender);
    usdc = Usdc__factory.connect(record.usdc, fork.provider);
  });

  it("carries a job from fund to release by signatures, with gas from the relayer alone", async () => {
    const { escrow: escrowAddress, reputation } = await recordOf(fork);
    await mintAsCircle(fork.provider, await usdc.getAddress(), client.address, reward + fee);
    const before = await balances();

    const now = BigInt(await fork.chain.timeSeconds());
    const terms: Terms = {
      client: client.address,
      worker: ZeroAddress,
      matcher: relayer.address,
      verifier: verifier.address,
      arbiter: ZeroAddress,
      reward,
      minReputation: 0n,
      backstopShareBps: 5_000n,
      deadline: now + 3_600n,
      workWindow: 1_800n,
      verifyWindow: 1_800n,
      reviewWindow: 0n,
      domain,
      specHash: id("the context packet"),
      salt: saltOf("job_01hzzzzzzzzzzzzzzzzzzzzzzz"),
    };
    const jobId = jobIdOf(fork.target.chainId, escrowAddress, terms);
    const job = escrowDomain(fork.target.chainId, escrowAddress);
    const token = usdcDomain(fork.target.chainId, await usdc.getAddress(), await usdc.name());

    const authorization = { from: client.address, to: escrowAddress, value: reward + fee, validAfter: 0n };
    const payment = await signWord(keyOf(client), token, "ReceiveWithAuthorization", {
      ...authorization,
      validBefore: never,
      nonce: jobId,
    });
    await mined(escrow.fundWithAuthorization(terms, 0n, never, payment));
    expect(await balances()).to.deep.equal({
      ...before,
      client: before["client"]! - reward - fee,
      escrow: before["escrow"]! + reward + fee,
    });

    const acceptance = await signWord(keyOf(worker), job, "Accept", { jobId, round: 0n, validUntil: never });
    await mined(escrow.accept(terms, worker.address, never, acceptance));

    const evidenceHash = id("the evidence");
    const submission = { jobId, round: 0n, evidenceHash, validUntil: never };
    await mined(escrow.submit(terms, evidenceHash, never, await signWord(keyOf(worker), job, "Submit", submission)));

    const verdict = { evidenceHash, reasonsHash: id("the reasons"), validUntil: never };
    const word = { jobId, worker: worker.address, pass: true, ...verdict };
    await mined(escrow.release(terms, verdict, await signWord(keyOf(verifier), job, "Verdict", word)));

    expect(CHAIN_STATUSES[Number((await escrow.job(jobId)).status)]).to.equal("paid");
    expect(await escrow.credit(treasury.address)).to.equal(fee);
    await mined(escrow.withdraw(treasury.address));
    expect(await balances()).to.deep.equal({
      client: before["client"]! - reward - fee,
      worker: before["worker"]! + reward,
      escrow: before["escrow"],
      treasury: before["treasury"]! + fee,
    });

    const score = Reputation__factory.connect(reputation, fork.provider);
    // (2 + 1) / (4 + 1): one success of full weight.
    expect(await score.scoreOf(escrowAddress, worker.address, domain)).to.equal(600_000_000_000_000_000n);
  });
});
