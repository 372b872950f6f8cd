import { escrowInterface } from "@hireforhumans/protocol";

/** What becomes of a job that is played; see `lives.ts`. */
export type LifeName = "paid" | "filed" | "rejected" | "lapsed" | "refunded" | "cancelled" | "released";

/** Where a process dies, by what leaves it, so that nothing in the product knows of it. */
export type Moment =
  /**
   * A statement to the database. `written`: its answer is there, its transaction still open, where it is part of one; `committed`:
   * the commit's answer is there. `of` is looked for in the statement and its parameters as JSON.
   */
  | { kind: "statement"; of: RegExp; edge: "before" | "written" | "committed" }
  /** A call of the chain's node, before the node has it or once it has answered. `of` is looked for in its parameters. */
  | { kind: "rpc"; method: string; of?: RegExp; edge: "before" | "after" }
  /** A call of the oracle's node. */
  | { kind: "oracle"; path: string; edge: "before" | "after" }
  /** A webhook: it has left and the receiver has not answered, or has and the gateway does not hear. */
  | { kind: "webhook"; type: string; edge: "before" | "after" }
  /** A file of evidence gets its name in the store. */
  | { kind: "rename"; edge: "before" | "after" }
  /** An answer to a caller, before it leaves. */
  | { kind: "answer"; of: RegExp };

export interface Point {
  /** By the concept of what has just happened or is about to. */
  name: string;
  victim: "gateway" | "oracle";
  moment: Moment;
  life: LifeName;
  /** What a new process must find and do. */
  then: string;
}

type Operation = "fund" | "fundWithAuthorization" | "accept" | "release" | "complete" | "refund" | "reopen" | "cancel";

const selectorOf = (operation: Operation): string => escrowInterface.getFunction(operation).selector.slice(2);

/** Signed bytes that call one of these operations of the escrow, alone or among others. */
const calling = (...operations: Operation[]): string => `0x02[0-9a-f]*(?:${operations.map(selectorOf).join("|")})`;

const operations = {
  funding: calling("fund", "fundWithAuthorization"),
  acceptance: calling("accept"),
  payment: calling("release", "complete"),
  refund: calling("refund"),
  reopening: calling("reopen"),
  cancellation: calling("cancel"),
};

/** The intent and the rows of one step in its ways: stored, signed, sent, in a block. */
const intoIntents = (key: string) => new RegExp(`insert into "?intents"?.*\\b${key}:`, "s");
const intoTransactions = (bytes: string) => new RegExp(`insert into "?transactions"?.*${bytes}`, "s");
const intoChainEvents = (name: string) => new RegExp(`insert into "?chain_events"?.*\\b${name}\\b`, "s");
const told = (type: string) => new RegExp(`insert into "?job_events"?.*\\b${type.replace(".", "\\.")}\\b`, "s");

type Edge = Extract<Moment, { kind: "statement" }>["edge"];

const statement = (of: RegExp, edge: Edge): Moment => ({ kind: "statement", of, edge });

const gateway = (name: string, moment: Moment, then: string, life: LifeName = "paid"): Point => ({
  name,
  victim: "gateway",
  moment,
  life,
  then,
});
const oracle = (name: string, moment: Moment, then: string): Point => ({
  name,
  victim: "oracle",
  moment,
  life: "paid",
  then,
});

/** Of what is sent: stored, signed, on its way, answered. */
function sending(what: string, key: string, bytes: string, life: LifeName = "paid"): Point[] {
  const sent = { kind: "rpc", method: "eth_sendRawTransaction", of: new RegExp(bytes) } as const;
  return [
    gateway(`${what}: intent written`, statement(intoIntents(key), "written"), "nothing of it is there", life),
    gateway(`${what}: intent stored`, statement(intoIntents(key), "committed"), "it is signed and sent", life),
    gateway(`${what}: bytes written`, statement(intoTransactions(bytes), "written"), "it is signed anew", life),
    gateway(`${what}: signed`, statement(intoTransactions(bytes), "committed"), "the same bytes are sent", life),
    gateway(`${what}: on its way`, { ...sent, edge: "before" }, "the same bytes are sent", life),
    gateway(`${what}: sent, answer lost`, { ...sent, edge: "after" }, "sent again, mined once", life),
  ];
}

/** Of what the chain tells: in a block, and told. */
const following = (what: string, event: string, life: LifeName = "paid"): Point[] => [
  gateway(`${what}: block written`, statement(intoChainEvents(event), "written"), "the block is read again", life),
  gateway(`${what}: block stored`, statement(intoChainEvents(event), "committed"), "its events count once", life),
];

/** Every step of a job's life at which a process is killed. */
export const points: readonly Point[] = [
  gateway(
    "job: about to be written",
    statement(/insert into "?jobs"?\b/, "before"),
    "the agent's second post makes it",
  ),
  gateway("job: row written", statement(/insert into "?jobs"?\b/, "written"), "the agent's second post makes it"),
  gateway("job: creation told", statement(told("job.created"), "written"), "the agent's second post makes it"),
  ...sending("funding", "fund", operations.funding),
  gateway("nonce: written", statement(/update intents set\s+nonce = given/, "written"), "the nonce is given again"),
  gateway("nonce: given", statement(/update intents set\s+nonce = given/, "committed"), "it is signed with that nonce"),
  gateway("job: answer on its way", { kind: "answer", of: /^POST \/v1\/jobs$/ }, "the second post gives the same job"),
  gateway(
    "funding: noted as sent",
    statement(/update "?transactions"?\s+set "?broadcast_at"?/, "committed"),
    "it is not sent again in vain",
  ),
  ...following("funding", "Funded"),
  gateway("offers: written", statement(/offer_jobs|insert into offers/, "written"), "nobody is held by half an offer"),
  gateway("offers: made", statement(/offer_jobs|insert into offers/, "committed"), "the workers see them"),
  gateway(
    "acceptance: taken",
    statement(/update offers\s+set status = 'accepted'/, "written"),
    "the worker accepts again",
  ),
  ...sending("acceptance", "accept", operations.acceptance),
  ...following("acceptance", "Accepted"),
  gateway("file: about to get its name", { kind: "rename", edge: "before" }, "the worker uploads again", "filed"),
  gateway("file: has its name", { kind: "rename", edge: "after" }, "the worker uploads again", "filed"),
  gateway(
    "file: noted",
    statement(/insert into "?file_uploads"?/, "committed"),
    "the same file is there once",
    "filed",
  ),
  gateway("evidence: written", statement(/insert into "?evidence"?\b/, "written"), "the worker hands it in again"),
  gateway("evidence: stored", statement(/insert into "?evidence"?\b/, "committed"), "it is verified"),
  gateway("evidence: likeness stored", statement(/"?sketched_at"? = /, "committed"), "it is not its own duplicate"),
  gateway("finding: asked", { kind: "oracle", path: "/v1/verify", edge: "before" }, "it is asked again"),
  gateway("finding: answer lost", { kind: "oracle", path: "/v1/verify", edge: "after" }, "it is asked again"),
  gateway("signature: asked", { kind: "oracle", path: "/v1/sign", edge: "before" }, "it is asked again"),
  gateway("signature: answer lost", { kind: "oracle", path: "/v1/sign", edge: "after" }, "one verdict stands"),
  gateway("verdict: written", statement(/insert into "?verdicts"?/, "written"), "it is asked for again"),
  gateway("verdict: stored", statement(/insert into "?verdicts"?/, "committed"), "it is settled"),
  ...sending("payment", "submit", operations.payment),
  ...following("payment", "(?:Released|Completed)"),
  gateway(
    "payment: receipt written",
    statement(/update "?intents"?.*"mined"/s, "written"),
    "the receipt is read again",
  ),
  gateway("payment: receipt stored", statement(/update "?intents"?.*"mined"/s, "committed"), "nothing is sent again"),
  gateway("payment: final", statement(/case when failure is null then 'final'/, "committed"), "nothing is sent again"),
  ...sending("client's release", "release", calling("release"), "released"),
  ...sending("cancellation", "cancel", operations.cancellation, "cancelled"),
  ...following("cancellation", "Cancelled", "cancelled"),
  ...following("rejection", "Rejected", "rejected"),
  ...sending("refund", "refund", operations.refund, "refunded"),
  ...following("refund", "Refunded", "refunded"),
  ...sending("reopening", "reopen", operations.reopening, "lapsed"),
  ...following("reopening", "Reopened", "lapsed"),
  gateway("webhook: claimed", statement(/update "?webhook_deliveries"?\s+set "?attempts"?/, "committed"), "it is sent"),
  gateway("webhook: on its way", { kind: "webhook", type: "job.funded", edge: "before" }, "it is sent again"),
  gateway("webhook: taken, answer lost", { kind: "webhook", type: "job.funded", edge: "after" }, "same id again"),
  gateway(
    "last webhook: taken, answer lost",
    { kind: "webhook", type: "job.completed", edge: "after" },
    "same id again",
  ),
  gateway(
    "webhook: noted as taken",
    statement(/update webhook_deliveries\s+set status = 'delivered'/, "committed"),
    "the next one is sent",
  ),
  gateway(
    "signer: lease taken",
    statement(/insert into "?signer_nonces"?/, "committed"),
    "a new process takes it over",
  ),
  oracle("finding: heard", { kind: "oracle", path: "/v1/verify", edge: "before" }, "the gateway asks again"),
  oracle("pieces: remembered", statement(/insert into pieces/, "committed"), "evidence is no duplicate of itself"),
  oracle("finding: written", statement(/insert into findings/, "written"), "it is found again"),
  oracle("finding: stored", statement(/insert into findings/, "committed"), "it is found again, the same"),
  oracle("signature: heard", { kind: "oracle", path: "/v1/sign", edge: "before" }, "the gateway asks again"),
  oracle("signature: written", statement(/insert into signatures/, "written"), "it is signed again"),
  oracle("signature: stored", statement(/insert into signatures/, "committed"), "the same signature is given"),
];

export function pointOf(name: string, victim: Point["victim"]): Point {
  const point = points.find((candidate) => candidate.name === name && candidate.victim === victim);
  if (point === undefined) throw new Error(`there is no point "${name}" of the ${victim}`);
  return point;
}
