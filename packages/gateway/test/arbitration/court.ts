import { type Client, createClient, createWorkerClient, type WorkerClient } from "@hireforhumans/client";
import type { Case, CasePhase, Job, JobCreateInput, Offer, VoteName } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { type Stage, type StageOptions, startStage } from "../gateway/stage.ts";
import { type Engine, gatewayDatabase } from "../support/database.ts";

export interface JurorClient {
  address: string;
  wallet: Wallet;
  token: string;
  api: WorkerClient;
}

/** A stage with a client that signs, jurors who are signed in, and hands to bring cases about. */
export interface Court extends Stage {
  /** The client with its wallet. */
  agent: Client;
  /** Everybody who is staked, by address. */
  jurors: Map<string, JurorClient>;
  /** A job that the oracle has failed, though its worker did it. */
  rejected(overrides?: Partial<JobCreateInput>): Promise<{ job: Job; offer: Offer }>;
  /** Such a job with a case, opened by its worker. */
  disputed(): Promise<{ job: Job; found: Case }>;
  /** The same with both sides' bonds. */
  answered(): Promise<{ job: Job; found: Case }>;
  /** Waits until the case, as its client sees it, is in this phase. */
  inPhase(jobId: string, phase: CasePhase): Promise<Case>;
  /** Lets the evidence window pass and waits for the panel. */
  drawn(jobId: string): Promise<Case>;
  /** Has the panel's jurors commit and reveal these votes, by seat. */
  vote(jobId: string, votes: VoteName[]): Promise<void>;
  jurorAt(found: Case, seat: number): JurorClient;
  /** Moves the chain's clock behind the present phase's end. */
  passPhase(found: Case): Promise<void>;
}

export const wrongVerdict = {
  acceptance: { checks: [{ check: "text_length" as const, params: { min: 1_000 } }] },
};

export async function startCourt(engine: Engine, options: Pick<StageOptions, "env" | "log"> = {}): Promise<Court> {
  const stage = await startStage({ database: gatewayDatabase(engine), ...options });
  const { stack } = stage;
  const baseUrl = stack.gateway.url;
  const trusted = stack.deployment;
  const wallet = new Wallet(devAccounts.client.privateKey);
  const agent = createClient({ baseUrl, apiKey: stack.apiKey, signer: wallet, trusted });
  const jurors = new Map<string, JurorClient>();
  for (const { address, privateKey } of devAccounts.jurors) {
    const signer = new Wallet(privateKey);
    const api = createWorkerClient({ baseUrl, signer, trusted });
    const { token } = await api.signIn();
    jurors.set(address, { address, wallet: signer, token, api });
  }

  const court: Court = {
    ...stage,
    agent,
    jurors,
    async rejected(overrides = {}) {
      const { job, offer } = await stage.delivered({ ...wrongVerdict, ...overrides });
      return { job: await stage.reached(job.job_id, "rejected"), offer };
    },
    async disputed() {
      const { job } = await court.rejected();
      await stage.ada.api.arbitration.dispute(job, "I called the customer; the length of my note says nothing.");
      return { job, found: await court.inPhase(job.job_id, "answering") };
    },
    async answered() {
      const { job, found } = await court.disputed();
      await agent.arbitration.answer(found);
      return { job, found: await court.inPhase(job.job_id, "waiting") };
    },
    inPhase: (jobId, phase) =>
      until(`the case of ${jobId} is ${phase}`, async () => {
        const found = await agent.arbitration.case(jobId).catch(() => undefined);
        return found?.phase === phase ? found : undefined;
      }),
    async drawn(jobId) {
      await court.passPhase(await court.inPhase(jobId, "waiting"));
      // Stakes may move for five minutes between two draws.
      await stack.chain.increaseTime(301);
      return court.inPhase(jobId, "committing");
    },
    async vote(jobId, votes) {
      const found = await court.inPhase(jobId, "committing");
      for (const [seat, vote] of votes.entries()) {
        const { api } = court.jurorAt(found, seat);
        await api.arbitration.commit(await api.arbitration.case(jobId), vote);
      }
      await court.inPhase(jobId, "revealing");
      for (const seat of votes.keys()) {
        const { api } = court.jurorAt(found, seat);
        await api.arbitration.reveal(await api.arbitration.case(jobId));
      }
    },
    jurorAt(found, seat) {
      const address = found.panels.at(-1)?.seats[seat]?.juror ?? "";
      const juror = jurors.get(address);
      if (juror === undefined) throw new Error(`${address} on seat ${seat} is no juror of this court`);
      return juror;
    },
    async passPhase({ until: end }) {
      if (end === null) throw new Error("this phase has no end");
      const now = await stack.chain.timeSeconds();
      if (now <= end) await stack.chain.increaseTime(end - now + 1);
    },
  };
  return court;
}
