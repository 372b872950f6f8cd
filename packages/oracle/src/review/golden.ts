import { type GoldenRecord, leastAccuracyOf } from "./accuracy.ts";

/** A reviewer's answer to a golden task, with the reviewer's record on the others. */
export interface GoldenAnswer extends GoldenRecord {
  right: boolean;
}

/** Of a hundred sound tasks at most one is ever retired. */
const EVIDENCE = 100;
/** A reviewer counts for what it is at least, at 95 % confidence. */
const Z = 1.645;
/** Nobody is so good that two wrong answers of theirs retire a task. */
const BEST = 0.95;

/**
 * Is a golden task bad by its own statistics: are its answers at least 100 times likelier if the known answer is wrong, or
 * the case a toss-up, each taken for as likely, than if the task is sound?
 *
 * That ratio has a mean of at most 1 at each answer to a sound task whose reviewers are as good as they are taken for or
 * better, so it ever reaches 100 with a probability of at most 1 %, however often one looks (Ville 1939; as a sequential
 * test, Wald 1945). Reviewers are therefore taken for the lower end of what their record allows, and those who may be
 * guessing count for nothing.
 */
export function isBadGoldenTask(answers: readonly GoldenAnswer[]): boolean {
  let ifWrong = 0;
  let ifTossUp = 0;
  for (const answer of answers) {
    const accuracy = Math.min(BEST, Math.max(0.5, leastAccuracyOf(answer, Z)));
    const ifSound = Math.log(answer.right ? accuracy : 1 - accuracy);
    ifWrong += Math.log(answer.right ? 1 - accuracy : accuracy) - ifSound;
    ifTossUp += Math.log(0.5) - ifSound;
  }
  return Math.exp(ifWrong) + Math.exp(ifTossUp) >= 2 * EVIDENCE;
}
