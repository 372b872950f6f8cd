import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet, id } from "ethers";
import {
  type Job,
  VerifierCommittee__factory,
  committeeDomain,
  encodeCommitteeSignature,
  escrowDomain,
  escrowInterface,
  hashWord,
  parseUsdc,
  signWord,
  sortMembers,
} from "@hireforhumans/protocol";
import { jobRow, type Stage, startStage } from "../../packages/gateway/test/gateway/stage.ts";
import { createNodeProcess, type NodeProcess } from "../../packages/oracle/test/support/node-process.ts";
import { deployLocalCommittee } from "../../scripts/chain/deploy-local.ts";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { localProvider } from "../../scripts/chain/provider.ts";
import { freePort } from "../../scripts/stack/stack.ts";
import { until } from "../../scripts/stack/until.ts";
import { type Gate, startGate } from "../support/nodeGate.ts";

const size = 5;
const threshold = 3;
const hour = 3600;

interface Member {
  wallet: Wallet;
  process: NodeProcess;
  /** Between it and the gateway. */
  gate: Gate;
}

describe("a committee of five nodes, three of which have to agree", function () {
  this.timeout(180_000);
  let folder: string;
  let stage: Stage;
  let committee: string;
  const members: Member[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hireforhumans-committee-"));
    stage = await startStage({
      async prepare({ chain, deployment, gatewayUrl }) {
        const domain = escrowDomain(deployment.chainId, deployment.escrow);
        for (let index = 0; index < size; index += 1) {
          const wallet = new Wallet(id(`node ${index}`));
          const token = `the secret of gateway and node ${index}, long enough`;
          const process = await createNodeProcess({
            folder: join(folder, String(index)),
            port: await freePort(),
            privateKey: wallet.privateKey,
            token,
            chainId: deployment.chainId,
            rpcUrl: chain.url,
            escrow: deployment.escrow,
            gatewayUrl,
          });
          members.push({
            wallet,
            process,
            gate: await startGate({ nodeUrl: process.url, token, own: wallet, domain }),
          });
        }
        await Promise.all(members.map(({ process }) => process.start()));
        committee = await deployLocalCommittee(
          chain.url,
          threshold,
          members.map(({ wallet }) => wallet.address),
        );
        return {
          ORACLE_PRIVATE_KEY: "",
          COMMITTEE_ADDRESS: committee,
          ORACLE_NODES: JSON.stringify(
            members.map(({ wallet, gate }) => ({ url: gate.url, address: wallet.address, token: gate.token })),
          ),
        };
      },
    });
  });
  after(async () => {
    await stage.stop();
    for (const { process, gate } of members) {
      await gate.stop();
      await process.kill();
    }
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const { process, gate } of members) {
      gate.heal();
      process.thaw();
    }
    await Promise.all(members.map(({ process }) => process.start()));
  });

  const booksOf = async () => ({
    client: await stage.stack.usdcOf(devAccounts.client.address),
    worker: await stage.stack.usdcOf(stage.ada.address),
    escrow: await stage.stack.usdcOf(stage.stack.deployment.escrow),
    fees: await stage.stack.creditOf(devAccounts.treasury.address),
  });
  const reward = parseUsdc("12.00");
  const fee = parseUsdc("0.30");

  /** Plays a job and sees that it is paid by the committee's word, once. */
  async function expectPaidOnce(play: () => Promise<{ job: Job }> = () => stage.delivered()): Promise<Job> {
    const before = await booksOf();
    const { job } = await play();
    const done = await stage.reached(job.job_id, "paid");
    const after = await booksOf();
    expect(after.worker - before.worker).to.equal(reward);
    expect(before.client - after.client).to.equal(reward + fee);
    expect(after.fees - before.fees).to.equal(fee);
    // What stays in the escrow is the fee that waits for the treasury.
    expect(after.escrow - before.escrow).to.equal(fee);
    const ends = (await eventsOf(job)).filter(({ name }) => name === "Released" || name === "Settled");
    expect(ends.map(({ name, by }) => [name, by])).to.deep.equal([["Released", committee]]);
    return done;
  }

  async function eventsOf(job: Job): Promise<{ name: string; by: string | undefined }[]> {
    const filter = { address: stage.stack.deployment.escrow, fromBlock: "0x0", topics: [null, job.chain_job_id] };
    const logs = (await stage.stack.chain.rpc("eth_getLogs", [filter])) as { topics: string[]; data: string }[];
    return logs.map((log) => {
      const event = escrowInterface.parseLog(log)!;
      const by = event.fragment.inputs.some(({ name }) => name === "by") ? (event.args["by"] as string) : undefined;
      return { name: event.name, by };
    });
  }

  it("is named in the terms, and pays by three signatures over one document", async () => {
    const job = await expectPaidOnce();
    expect((await jobRow(stage.stack, job.job_id)).terms.verifier).to.equal(committee);
    const verdict = await stage.agent.jobs.verdict(job.job_id);
    expect(verdict.verifier).to.equal(committee);
    // Three entries of 66 bytes with a signature, two of 21 bytes with an address.
    expect((verdict.signature!.length - 2) / 2).to.equal(threshold * 66 + (size - threshold) * 21);
    expect(new Set(verdict.reasons.checks.map(({ outcome }) => outcome))).to.deep.equal(new Set(["pass"]));
    expect(verdict.reasons.dissenting).to.equal(undefined);
  });

  it("rejects what fails, with the reasons", async () => {
    const acceptance = { checks: [{ check: "text_length" as const, params: { min: 5000 } }] };
    const { job } = await stage.delivered({ acceptance });
    await stage.reached(job.job_id, "rejected");
    const { reasons } = await stage.agent.jobs.verdict(job.job_id);
    expect(reasons.summary).to.equal("Failed: text_length.");
  });

  it("reads the files of evidence itself, from the gateway, and finds what they are", async () => {
    const acceptance = { checks: [{ check: "document_type" as const, params: { media_types: ["text/plain"] } }] };
    await expectPaidOnce(async () => {
      const { job, offer } = await stage.accepted({ acceptance });
      const report = new Blob([`The report on ${job.job_id}.`], { type: "text/plain" });
      const file = await stage.ada.api.files.upload(report, "report.txt");
      const { sha256, name, media_type, size_bytes } = file;
      const items = [{ kind: "file" as const, sha256, name, media_type, size_bytes }];
      await stage.ada.api.evidence.submit(offer, { resolution: `Settled ${job.job_id}.`, items });
      return { job };
    });
  });

  it("pays while two are down", async () => {
    await members[0]!.process.kill();
    await members[1]!.process.kill();
    await expectPaidOnce();
  });

  it("pays when one dies between finding and signing, and comes back", async () => {
    await members[0]!.process.kill();
    await members[1]!.process.kill();
    const { process, gate } = members[2]!;
    let deaths = 0;
    gate.beforeSign = async () => {
      if (deaths > 0) return;
      deaths += 1;
      await process.kill();
      await process.start();
      throw new Error("gone in the middle");
    };
    await expectPaidOnce();
    expect(deaths).to.equal(1);
  });

  it("pays when one finds otherwise and another hangs, and waits for neither", async () => {
    members[0]!.gate.lie = "deny";
    members[1]!.process.freeze();
    const started = performance.now();
    await expectPaidOnce();
    expect(performance.now() - started).to.be.lessThan(15_000);
  });

  it("pays when two agree and then sign with another's key, or the opposite", async () => {
    const [forger, opposer, ...honest] = members.map(({ gate }) => gate);
    forger!.lie = "forge";
    opposer!.lie = "oppose";
    // The honest three alone would be enough, and might be asked first.
    const lied = () =>
      until("both have lied", () => Promise.resolve(forger!.told > 0 && opposer!.told > 0 ? true : undefined));
    for (const gate of honest) gate.beforeSign = () => lied().then(() => undefined);
    await expectPaidOnce();
    expect(forger!.told + opposer!.told).to.be.greaterThan(0);
  });

  it("pays nobody by a verdict while three are at fault; the verifier's silence pays the worker", async () => {
    await members[0]!.process.kill();
    members[1]!.process.freeze();
    members[2]!.gate.lie = "deny";
    const before = await booksOf();
    const { job } = await stage.delivered();
    const verdict = await until("the gateway has heard whom it could", () =>
      stage.agent.jobs.verdict(job.job_id).catch(() => undefined),
    );
    expect(verdict).to.include({ outcome: "unsure", signature: null });
    expect(verdict.reasons.summary).to.equal("The verifiers do not agree: 2 pass, 1 fail, 0 unsure; 3 have to.");
    await until("the submission is on chain", async () =>
      (await jobRow(stage.stack, job.job_id)).chain_status === "submitted" ? true : undefined,
    );
    const held = await booksOf();
    expect(held.worker).to.equal(before.worker);
    expect(held.escrow - before.escrow).to.equal(reward + fee);
    await stage.stack.chain.increaseTime(hour + 24 * hour + 1);
    await stage.reached(job.job_id, "paid");
    const after = await booksOf();
    expect(after.worker - before.worker).to.equal(reward);
    expect((await eventsOf(job)).map(({ name }) => name)).to.deep.equal(["Funded", "Accepted", "Submitted", "Settled"]);
  });

  it("that named a successor verifies the jobs it has; new ones name the successor", async () => {
    const [first, second, third] = members;
    const { job, offer } = await stage.accepted();
    const successor = await deployLocalCommittee(stage.stack.chain.url, 1, [members[4]!.wallet.address]);
    await nameSuccessor(successor, [first!.wallet, second!.wallet, third!.wallet]);
    await stage.stack.gateway.context.oracle.follow();
    const later = await expectPaidBy(successor);
    expect((await jobRow(stage.stack, later.job_id)).terms.verifier).to.equal(successor);
    const content = {
      resolution: "Refunded.",
      items: [{ kind: "text" as const, text: `Called about ${job.job_id}.` }],
    };
    await stage.ada.api.evidence.submit(offer, content);
    await stage.reached(job.job_id, "paid");
    expect((await eventsOf(job)).at(-1)).to.deep.equal({ name: "Released", by: committee });
  });

  async function expectPaidBy(verifier: string): Promise<Job> {
    const { job } = await stage.delivered();
    const done = await stage.reached(job.job_id, "paid");
    expect((await eventsOf(job)).at(-1)).to.deep.equal({ name: "Released", by: verifier });
    return done;
  }

  async function nameSuccessor(next: string, signers: Wallet[]): Promise<void> {
    const { chain, deployment } = stage.stack;
    const provider = localProvider(chain.url);
    try {
      const validUntil = BigInt((await chain.timeSeconds()) + hour);
      const domain = committeeDomain(deployment.chainId, committee);
      const word = { successor: next, validUntil };
      const digest = hashWord(domain, "NameSuccessor", word);
      const signatures = await Promise.all(
        signers.map(async (signer) => ({
          member: signer.address,
          signature: await signWord(signer, domain, "NameSuccessor", word),
        })),
      );
      const all = sortMembers(members.map(({ wallet }) => wallet.address));
      const signature = encodeCommitteeSignature({ digest, members: all, signatures });
      const sender = new Wallet(devAccounts.stranger.privateKey, provider);
      const sent = await VerifierCommittee__factory.connect(committee, sender).nameSuccessor(
        next,
        validUntil,
        signature,
      );
      await sent.wait();
    } finally {
      provider.destroy();
    }
  }
});
