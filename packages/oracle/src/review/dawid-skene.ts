import { FIRST } from "./accuracy.ts";

/** One reviewer's answer on one task. The same reviewer may answer a task more than once. */
export interface TaskAnswer {
  task: string;
  reviewer: string;
  answer: string;
}

export interface DawidSkeneOptions {
  /** Answers that are known, as of golden tasks: taken as they are, and not counted into the classes' shares. */
  known?: ReadonlyMap<string, string>;
  /** Right and wrong answers added to each reviewer's in each class; by default those before any golden answer. */
  prior?: { right: number; wrong: number };
  /** Tasks added to each class. */
  classPrior?: number;
  /** A reviewer with fewer answers than this for each class is described by one coin. */
  leastAnswers?: number;
}

export interface DawidSkene {
  /** In order of their text; the rows and columns of all matrices. */
  classes: readonly string[];
  /** The share of each class. */
  shares: readonly number[];
  /** By task, the probability of each class. */
  posteriors: ReadonlyMap<string, readonly number[]>;
  /** By reviewer and true class, the probability of each answer. */
  errorRates: ReadonlyMap<string, readonly (readonly number[])[]>;
  iterations: number;
  /** False where the estimates still moved after 1,000 iterations. */
  converged: boolean;
}

const TOLERANCE = 1e-6;
const MOST_ITERATIONS = 1_000;

interface Counted {
  task: number;
  reviewer: number;
  answer: number;
}

interface Batch {
  classes: string[];
  tasks: string[];
  reviewers: string[];
  answers: Counted[];
  /** By task, its known class. */
  known: (number | undefined)[];
  /** By reviewer. */
  oneCoin: boolean[];
}

/**
 * What is true of many tasks and how well their reviewers tell, by expectation maximization (Dawid and Skene 1979,
 * Applied Statistics 28, equations 2.3 to 2.5, begun as in 3.1 with each task's own shares of answers).
 *
 * Prior counts smooth the estimates, so that no answer is impossible after few. A reviewer with fewer than `leastAnswers`
 * for each class has one accuracy for all of them, its errors spread evenly (one coin: Zhang et al. 2014, Spectral Methods
 * Meet EM, section 2), because a matrix out of so few would be noise. Deterministic: neither chance nor the order of the
 * answers has a part in it. Stops when no estimate moves by more than 1e-6.
 * @throws RangeError where there is no answer
 */
export function dawidSkene(answers: readonly TaskAnswer[], options: DawidSkeneOptions = {}): DawidSkene {
  const { known = new Map<string, string>(), prior = FIRST, classPrior = 1, leastAnswers = 10 } = options;
  if (answers.length === 0) throw new RangeError("no answers: at least one is needed");
  const batch = batchOf(answers, known, leastAnswers);
  let posteriors = ownShares(batch);
  let estimate = estimateFrom(batch, posteriors, prior, classPrior);
  let iterations = 0;
  let moved = Infinity;
  while (moved > TOLERANCE && iterations < MOST_ITERATIONS) {
    iterations += 1;
    posteriors = classify(batch, estimate);
    const next = estimateFrom(batch, posteriors, prior, classPrior);
    moved = farthest(estimate, next);
    estimate = next;
  }
  return {
    classes: batch.classes,
    shares: estimate.shares,
    posteriors: new Map(batch.tasks.map((task, index) => [task, posteriors[index] ?? []])),
    errorRates: new Map(batch.reviewers.map((reviewer, index) => [reviewer, estimate.errorRates[index] ?? []])),
    iterations,
    converged: moved <= TOLERANCE,
  };
}

function batchOf(answers: readonly TaskAnswer[], known: ReadonlyMap<string, string>, leastAnswers: number): Batch {
  const distinct = (texts: string[]) => [...new Set(texts)].sort();
  const classes = distinct([...answers.map(({ answer }) => answer), ...known.values()]);
  const tasks = distinct(answers.map(({ task }) => task));
  const reviewers = distinct(answers.map(({ reviewer }) => reviewer));
  const indexIn = (texts: string[]) => {
    const index = new Map(texts.map((text, at) => [text, at]));
    return (text: string) => index.get(text) ?? -1;
  };
  const [classAt, taskAt, reviewerAt] = [indexIn(classes), indexIn(tasks), indexIn(reviewers)];
  const counted = answers
    .map(({ task, reviewer, answer }) => ({
      task: taskAt(task),
      reviewer: reviewerAt(reviewer),
      answer: classAt(answer),
    }))
    // Sums in another order would differ in their last digits.
    .sort((a, b) => a.task - b.task || a.reviewer - b.reviewer || a.answer - b.answer);
  const given = new Array<number>(reviewers.length).fill(0);
  for (const { reviewer } of counted) add(given, reviewer, 1);
  return {
    classes,
    tasks,
    reviewers,
    answers: counted,
    known: tasks.map((task) => {
      const answer = known.get(task);
      return answer === undefined ? undefined : classAt(answer);
    }),
    oneCoin: given.map((count) => count < leastAnswers * classes.length),
  };
}

/** By task, the share of its answers in each class. */
function ownShares({ classes, tasks, answers, known }: Batch): number[][] {
  const counts = tasks.map(() => new Array<number>(classes.length).fill(0));
  for (const { task, answer } of answers) add(counts[task], answer, 1);
  return counts.map((row, task) => certainOr(known[task], shared(row)));
}

interface Estimate {
  shares: number[];
  errorRates: number[][][];
}

/** Equations 2.3 and 2.4, with the prior's counts. */
function estimateFrom(
  { classes, reviewers, answers, known, oneCoin }: Batch,
  posteriors: number[][],
  prior: { right: number; wrong: number },
  classPrior: number,
): Estimate {
  const size = classes.length;
  const shares = new Array<number>(size).fill(classPrior);
  posteriors.forEach((row, task) => {
    if (known[task] === undefined) row.forEach((probability, index) => add(shares, index, probability));
  });
  const counts = reviewers.map(() => classes.map(() => new Array<number>(size).fill(0)));
  for (const { task, reviewer, answer } of answers) {
    posteriors[task]?.forEach((probability, truth) => add(counts[reviewer]?.[truth], answer, probability));
  }
  const errorRates = counts.map((matrix, reviewer) =>
    oneCoin[reviewer] ? coinOf(matrix, prior) : matrix.map((row, truth) => rowOf(row, truth, prior)),
  );
  return { shares: shared(shares), errorRates };
}

function rowOf(counts: number[], truth: number, { right, wrong }: { right: number; wrong: number }): number[] {
  const others = Math.max(1, counts.length - 1);
  return shared(counts.map((count, answer) => count + (answer === truth ? right : wrong / others)));
}

function coinOf(matrix: number[][], { right, wrong }: { right: number; wrong: number }): number[][] {
  const others = Math.max(1, matrix.length - 1);
  const all = matrix.flat().reduce((sum, count) => sum + count, 0);
  const agreeing = matrix.reduce((sum, row, truth) => sum + (row[truth] ?? 0), 0);
  const accuracy = matrix.length === 1 ? 1 : (agreeing + right) / (all + right + wrong);
  return matrix.map((row, truth) => row.map((_, answer) => (answer === truth ? accuracy : (1 - accuracy) / others)));
}

/** Equation 2.5, by logarithms so that many answers don't end in zero. */
function classify({ tasks, answers, known }: Batch, { shares, errorRates }: Estimate): number[][] {
  const logs = tasks.map(() => shares.map(Math.log));
  const logRates = errorRates.map((matrix) => matrix.map((row) => row.map(Math.log)));
  for (const { task, reviewer, answer } of answers) {
    logRates[reviewer]?.forEach((row, truth) => add(logs[task], truth, row[answer] ?? -Infinity));
  }
  return logs.map((row, task) => {
    const highest = Math.max(...row);
    return certainOr(known[task], shared(row.map((log) => (log === -Infinity ? 0 : Math.exp(log - highest)))));
  });
}

function certainOr(known: number | undefined, shares: number[]): number[] {
  return known === undefined ? shares : shares.map((_, index) => (index === known ? 1 : 0));
}

/** @returns even shares where all counts are 0 */
function shared(counts: number[]): number[] {
  const sum = counts.reduce((total, count) => total + count, 0);
  return counts.map((count) => (sum === 0 ? 1 / counts.length : count / sum));
}

function farthest(before: Estimate, after: Estimate): number {
  const flat = ({ shares, errorRates }: Estimate) => [...shares, ...errorRates.flat(2)];
  const old = flat(before);
  return flat(after).reduce((most, value, index) => Math.max(most, Math.abs(value - (old[index] ?? 0))), 0);
}

function add(to: number[] | undefined, index: number, count: number): void {
  if (to !== undefined) to[index] = (to[index] ?? 0) + count;
}
