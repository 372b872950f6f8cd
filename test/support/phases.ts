import { Vote, phases, type Phase, type Terms } from "@hireforhumans/protocol";
import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import {
  DRAW_WINDOW,
  answerCase,
  commitVotes,
  drawPanel,
  fulfil,
  jobInCourt,
  loadCourt,
  openCase,
  passWindow,
  requestDraw,
  revealVotes,
  type CommittedVote,
  type Court,
  type Dispute,
} from "./court.ts";
import type { Job } from "./jobs.ts";
import { networkHelpers } from "./network.ts";

type Sent = Promise<ContractTransactionResponse>;

export function phaseCode(phase: Phase): bigint {
  return BigInt(phases.indexOf(phase));
}

/** What `WrongPhase` names as allowed. */
export function bitmapOfPhases(...allowed: Phase[]): bigint {
  return allowed.reduce((bitmap, phase) => bitmap | (1n << phaseCode(phase)), 0n);
}

/** A case as a test begins with it; `committed` are its present panel's votes, in order. */
export interface CaseInPhase extends Dispute {
  committed: CommittedVote[];
}

type Step = (d: CaseInPhase) => Promise<unknown>;

const open: Step = openCase;
const answer: Step = async (d) => answerCase(d);
const request: Step = async (d) => requestDraw(d);
const draw: Step = async (d) => drawPanel(d);
const commit: Step = async (d) => {
  d.committed = await commitVotes(d, [Vote.Worker, Vote.Worker, Vote.Client]);
};
const reveal: Step = async (d) => revealVotes(d, d.committed);
const fail: Step = async (d) => {
  await requestDraw(d);
  await networkHelpers.time.increase(DRAW_WINDOW);
};

const paths: Record<Phase, Step[]> = {
  None: [],
  Answering: [open],
  Waiting: [open, answer],
  Drawing: [open, answer, request],
  Committing: [open, answer, draw],
  Revealing: [open, answer, draw, commit],
  Appealing: [open, answer, draw, commit, reveal],
  Undecided: [open, answer, fail, fail, fail, async (d) => requestDraw(d)],
};

/** A fresh court with a case that the worker opened and that was brought to `phase`; its panel of 3 decides 2 to 1 for the worker. */
export async function caseAt(
  phase: Phase,
  overrides: Partial<Terms> = {},
  parties: Partial<Job["by"]> = {},
): Promise<CaseInPhase> {
  return await newCase(await loadCourt(), phase, overrides, parties);
}

/** One more case in a court that is there already. */
export async function newCase(
  court: Court,
  phase: Phase,
  overrides: Partial<Terms> = {},
  parties: Partial<Job["by"]> = {},
): Promise<CaseInPhase> {
  const d = { ...(await jobInCourt(court, "Rejected", overrides, parties)), committed: [] };
  for (const step of paths[phase]) await step(d);
  return d;
}

/** A case in `Drawing` whose first panel, of whom nobody committed, has failed, so that its number is none of a seat or round. */
export async function caseBeforeSecondPanel(): Promise<CaseInPhase> {
  const d = await caseAt("Committing");
  await passWindow(d);
  await d.pool.tally(d.jobId);
  await requestDraw(d);
  await fulfil(d, 2n);
  return d;
}

/** The same case when its second panel is drawn and may commit. */
export async function caseAtSecondPanel(): Promise<CaseInPhase> {
  const d = await caseBeforeSecondPanel();
  await d.pool.draw(d.terms);
  return d;
}

export async function phaseOf(d: Dispute): Promise<Phase | undefined> {
  return phases[Number((await d.pool.caseOf(d.jobId)).phase)];
}

/** Tests that a call, otherwise right, is refused in every phase but the allowed ones. */
export function refusesOtherPhases(allowed: Phase[], call: (d: CaseInPhase) => Sent): void {
  for (const phase of phases.filter((phase) => !allowed.includes(phase))) {
    it(`refuses a case that is ${phase}`, async () => {
      const d = await caseAt(phase);
      await expect(call(d))
        .to.be.revertedWithCustomError(d.pool, "WrongPhase")
        .withArgs(d.jobId, phaseCode(phase), bitmapOfPhases(...allowed));
    });
  }
}
