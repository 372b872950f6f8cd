import { dawidSkene, type Judgement, judgeReviews, type PeerReview, type TaskAnswer } from "@hireforhumans/oracle";
import type { ReviewAnswer } from "@hireforhumans/protocol";
import { type Random, randomOf } from "../sim/random.ts";
import { type Crowd, opposite, type Reviewer, reviewersOf } from "./crowd.ts";

/** As many as a crowd reviews from its first day on: with them, a reviewer answers some twenty golden tasks. */
export const JOBS_PER_CROWD = 4_000;
/** Of all reviews, as the gateway's default. */
export const GOLDEN_SHARE = 0.08;
const LEAST_REVIEWERS = 2;

/** Of all jobs, all between 0 and 1. */
export interface Figures extends Crowd {
  /** Reviews per job, golden ones included. */
  cost: number;
  /** How often one review is right. */
  single: number;
  /** How often a majority at the same cost is. */
  majority: number;
  /** How often the weighted vote's likelier answer is, also where it settles nothing. */
  vote: number;
  /** How often the likelier answer of the batch estimate is, of the same reviews. */
  batch: number;
  undecided: number;
  /** Of the settled ones, how many are wrong. */
  wrongSettled: number;
}

export const qualities = [0.65, 0.75, 0.85, 0.95];
const spammerShares = [0.2, 0.4];
const goodShares = [0.5, 0.8];

const crowds: Crowd[] = goodShares.flatMap((good) =>
  qualities.flatMap((quality) => [
    { quality, spammers: 0, spam: "guess" as const, good },
    ...(["guess", "always pass"] as const).flatMap((spam) =>
      spammerShares.map((spammers) => ({ quality, spammers, spam, good })),
    ),
  ]),
);

/** @param jobs of each kind of crowd */
export function measure(jobs: number, seed: string): Figures[] {
  return crowds.map((crowd) => measureCrowd(crowd, jobs, seed));
}

interface Job {
  truth: ReviewAnswer;
  judgement: Judgement;
}

function measureCrowd(crowd: Crowd, jobs: number, seed: string): Figures {
  const purpose = Object.values(crowd).join("/");
  const random = randomOf(seed, purpose);
  const done: Job[] = [];
  let reviews = 0;
  let batchRight = 0;
  while (done.length < jobs) {
    const count = Math.min(JOBS_PER_CROWD, jobs - done.length);
    const played = reviewAll(crowd, count, random);
    done.push(...played.jobs);
    reviews += played.answers.length;
    batchRight += rightInBatch(played);
  }
  const cost = reviews / jobs;
  const settled = done.filter(({ judgement }) => judgement.outcome !== "undecided");
  return {
    ...crowd,
    cost,
    single: majorityRight(crowd, jobs, 1, randomOf(seed, `${purpose}/single`)),
    majority: majorityRight(crowd, jobs, cost, randomOf(seed, `${purpose}/majority`)),
    vote: share(done, ({ truth, judgement }) => likelier(judgement.posterior, random) === truth),
    batch: batchRight / jobs,
    undecided: 1 - settled.length / jobs,
    wrongSettled: share(settled, ({ truth, judgement }) => judgement.outcome !== truth),
  };
}

interface Played {
  jobs: Job[];
  answers: TaskAnswer[];
  /** Of the golden tasks. */
  known: Map<string, string>;
}

/** Has jobs reviewed as the gateway does: two at first, then one by one, and a golden task beside some. */
function reviewAll(crowd: Crowd, count: number, random: Random): Played {
  const reviewers = reviewersOf(crowd, random);
  const answers: TaskAnswer[] = [];
  const known = new Map<string, string>();
  const crowdRecord = { goldenRight: 0, goldenWrong: 0 };
  const jobs = Array.from({ length: count }, (_, index) => {
    const truth = truthOf(crowd.good, random);
    const reviews: PeerReview[] = [];
    const asked = new Set<Reviewer>();
    const judge = () => judgeReviews({ wanted: LEAST_REVIEWERS, crowd: crowdRecord, answers: reviews });
    let judgement = judge();
    while (judgement.outcome === "more") {
      const reviewer = pickOther(reviewers, asked, random);
      const answer = reviewer.review(truth);
      const { goldenRight, goldenWrong, name } = reviewer;
      reviews.push({ answer, reason: "", goldenRight, goldenWrong });
      answers.push({ task: `job ${index}`, reviewer: name, answer });
      if (random.chance(GOLDEN_SHARE / (1 - GOLDEN_SHARE))) {
        const task = `golden ${known.size}`;
        const golden = askGolden(random.pick(reviewers), random);
        known.set(task, golden.truth);
        answers.push({ task, reviewer: golden.reviewer, answer: golden.answer });
        if (golden.answer === golden.truth) crowdRecord.goldenRight += 1;
        else crowdRecord.goldenWrong += 1;
      }
      judgement = judge();
    }
    return { truth, judgement };
  });
  return { jobs, answers, known };
}

/** Half of the golden tasks are good, so that who always says the same is found out. */
function askGolden(reviewer: Reviewer, random: Random) {
  const truth = truthOf(0.5, random);
  const answer = reviewer.review(truth);
  if (answer === truth) reviewer.goldenRight += 1;
  else reviewer.goldenWrong += 1;
  return { reviewer: reviewer.name, truth, answer };
}

function rightInBatch({ jobs, answers, known }: Played): number {
  const { classes, posteriors } = dawidSkene(answers, { known });
  const pass = classes.indexOf("pass");
  return jobs.filter(({ truth }, index) => {
    const posterior = posteriors.get(`job ${index}`)?.[pass] ?? NaN;
    return (posterior > 0.5 ? "pass" : "fail") === truth;
  }).length;
}

/** How often a majority is right whose odd sizes are mixed so that they cost so much on average. */
function majorityRight(crowd: Crowd, jobs: number, cost: number, random: Random): number {
  const smaller = 2 * Math.floor((cost - 1) / 2) + 1;
  const largerShare = (cost - smaller) / 2;
  let right = 0;
  let reviewers = reviewersOf(crowd, random);
  for (let job = 0; job < jobs; job += 1) {
    if (job % JOBS_PER_CROWD === 0) reviewers = reviewersOf(crowd, random);
    const truth = truthOf(crowd.good, random);
    const size = random.chance(largerShare) ? smaller + 2 : smaller;
    const asked = new Set<Reviewer>();
    const agreeing = Array.from({ length: size }, () => pickOther(reviewers, asked, random).review(truth) === truth);
    if (agreeing.filter(Boolean).length > size / 2) right += 1;
  }
  return right / jobs;
}

function pickOther(reviewers: [Reviewer, ...Reviewer[]], asked: Set<Reviewer>, random: Random): Reviewer {
  let reviewer = random.pick(reviewers);
  while (asked.has(reviewer)) reviewer = random.pick(reviewers);
  asked.add(reviewer);
  return reviewer;
}

function truthOf(good: number, random: Random): ReviewAnswer {
  return random.chance(good) ? "pass" : "fail";
}

function likelier(posterior: number, random: Random): ReviewAnswer {
  if (posterior === 0.5) return random.chance(0.5) ? "pass" : "fail";
  return posterior > 0.5 ? "pass" : opposite("pass");
}

function share<T>(all: readonly T[], holds: (one: T) => boolean): number {
  return all.filter(holds).length / all.length;
}
