import type { RouteName, Scope } from "@hireforhumans/protocol";

/**
 * What a caller gets to see of others' through a route.
 * nothing: it is about nobody's things. own: it only ever speaks of the caller's own. public: the same for everybody.
 * all: of everybody's, for the operator. Else: the kind of thing that its path names, which is a 404 where it is another's.
 */
export type OthersThings =
  | "nothing"
  | "own"
  | "public"
  | "all"
  | "job"
  | "offer"
  | "case"
  | "file"
  | "endpoint"
  | "delivery"
  | "key"
  | "screening"
  | "profile"
  | "secret link";

export interface Row {
  /** The one scope that a key needs; no: no key will do. */
  key: Scope | "no";
  worker: "yes" | "no";
  operator: "yes" | "no";
  /** Without any token. */
  nobody: "yes" | "no";
  others: OthersThings;
}

const client = (key: Scope, others: OthersThings): Row => ({ key, worker: "no", operator: "no", nobody: "no", others });
const party = (key: Scope, others: OthersThings): Row => ({ ...client(key, others), worker: "yes" });
const worker = (others: OthersThings): Row => ({ key: "no", worker: "yes", operator: "no", nobody: "no", others });
const operator = (others: OthersThings): Row => ({ key: "no", worker: "no", operator: "yes", nobody: "no", others });
const open = (others: OthersThings): Row => ({ key: "no", worker: "no", operator: "no", nobody: "yes", others });

/**
 * Who may call which route, and what it may show of others. Written down a second time on purpose: the routes have to
 * agree with it (authorization.test.ts), and a route without a row here does not compile.
 */
export const authorization: Record<RouteName, Row> = {
  createJob: client("jobs:write", "own"),
  listJobs: client("jobs:read", "own"),
  getJob: party("jobs:read", "job"),
  cancelJob: client("jobs:write", "job"),
  releaseJob: client("jobs:write", "job"),
  rateJob: client("jobs:write", "job"),
  listMessages: party("jobs:read", "job"),
  createMessage: party("jobs:write", "job"),
  streamEvents: client("jobs:read", "job"),
  getPacket: party("jobs:read", "job"),
  listEvidence: party("jobs:read", "job"),
  submitEvidence: worker("job"),
  keepLink: worker("job"),
  getVerdict: party("jobs:read", "job"),
  createConfirmation: worker("job"),
  getConfirmation: open("secret link"),
  answerConfirmation: open("secret link"),
  uploadFile: party("jobs:write", "nothing"),
  downloadFile: party("jobs:read", "file"),
  downloadLinkedFile: open("secret link"),
  disputeJob: party("jobs:write", "job"),
  getCase: party("jobs:read", "case"),
  addEvidence: party("jobs:write", "case"),
  answerCase: party("jobs:write", "case"),
  appealCase: party("jobs:write", "case"),
  commitVote: worker("case"),
  revealVote: worker("case"),
  listCases: worker("own"),
  getArbitrationAccount: party("jobs:read", "own"),
  deposit: party("jobs:write", "own"),
  withdraw: party("jobs:write", "own"),
  setStandingAnswer: party("jobs:write", "own"),
  stake: worker("own"),
  collect: worker("own"),
  retire: worker("own"),
  unstake: worker("own"),
  getAvailability: client("jobs:read", "public"),
  createNonce: open("nothing"),
  signIn: open("nothing"),
  signOut: worker("own"),
  getMe: worker("own"),
  updateMe: worker("own"),
  getWorker: party("jobs:read", "public"),
  createProfile: worker("own"),
  listProfiles: worker("own"),
  updateProfile: worker("profile"),
  deleteProfile: worker("profile"),
  setPresence: worker("own"),
  listOffers: worker("own"),
  acceptOffer: worker("offer"),
  declineOffer: worker("offer"),
  createEndpoint: client("webhooks:write", "nothing"),
  listEndpoints: client("webhooks:read", "own"),
  deleteEndpoint: client("webhooks:write", "endpoint"),
  rotateEndpointSecret: client("webhooks:write", "endpoint"),
  rotateWebhookSecret: client("webhooks:write", "own"),
  listDeliveries: client("webhooks:read", "own"),
  replayDelivery: client("webhooks:write", "delivery"),
  createKey: client("keys:write", "own"),
  listKeys: client("keys:read", "own"),
  rotateKey: client("keys:write", "key"),
  revokeKey: { ...client("keys:write", "key"), operator: "yes" },
  createClient: operator("all"),
  listScreenings: { ...client("jobs:read", "own"), operator: "yes" },
  appealScreening: client("jobs:write", "screening"),
  decideScreening: operator("all"),
  listAudit: operator("all"),
  verifyAudit: operator("all"),
  getReviewQuality: open("public"),
  importGoldenTasks: operator("all"),
  listGoldenTasks: operator("all"),
  retireGoldenTask: operator("all"),
  getLiveness: open("public"),
  getReadiness: open("public"),
  getMetrics: open("public"),
  getOpenApi: open("public"),
  getDocs: open("public"),
};
