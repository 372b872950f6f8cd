export type {
  Check,
  Finding,
  LinkCopy,
  Proof,
  ReviewWords,
  SignedWord,
  Sources,
  TransactionState,
  VerificationRequest,
} from "./check.ts";
export { type CommitteeOptions, createCommittee, OracleUnavailable } from "./committee/committee.ts";
export { createNodeClient, type NodeClient, type NodeClientOptions } from "./committee/node-client.ts";
export { mediaTypeOf } from "./checks/document-type.ts";
export { type FileSafety, safetyOf } from "./file-safety.ts";
export { fingerprintsOf } from "./fingerprints.ts";
export { likenessOf, type Sketch, sketchesOf } from "./likeness/sketch.ts";
export { createOracle, type Oracle, type OracleOptions, type Verification } from "./oracle.ts";
export { checks, outcomeOf, runChecks } from "./pipeline.ts";
export { accuracyOf, type GoldenRecord, leastAccuracyOf } from "./review/accuracy.ts";
export { answerIn } from "./review/answer.ts";
export { reviewSaltOf } from "./review/binding.ts";
export { dawidSkene, type DawidSkene, type DawidSkeneOptions, type TaskAnswer } from "./review/dawid-skene.ts";
export { estimateInThread } from "./review/estimate-thread.ts";
export { type GoldenAnswer, isBadGoldenTask } from "./review/golden.ts";
export { krippendorffAlpha } from "./review/krippendorff.ts";
export { judgeReviews, type Judgement, type PeerReview, type PeerReviews } from "./review/judge.ts";
export { problemOfEvent } from "./expected-event.ts";
export { emptinessOf } from "./schema-emptiness.ts";
export { fitsSchema, problemOfQuestion, type SchemaResult } from "./schema-thread.ts";
export type { Judge } from "./rubric/judge.ts";
export { connectJudge, JUDGE_PROVIDERS, type JudgeOptions, ModelUnavailable } from "./rubric/connect.ts";
export { isHurried } from "./time-on-task.ts";
export { createTransactionSource } from "./transactions.ts";
export {
  AddressRefused,
  createPublicNetwork,
  networkFailureOf,
  type NetworkRules,
  type PublicContent,
  type PublicNetwork,
} from "./public-network.ts";
