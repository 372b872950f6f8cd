import {
  arbitrationPoolInterface,
  type Ballot,
  commitmentOf,
  poolDomain,
  saltOfVote,
  signWord,
  type Terms,
  Vote,
} from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "../chain/context.ts";
import type { ContractCallError } from "../chain/errors.ts";
import type { Mined } from "../chain/send.ts";
import { idOf, OWN_WORD } from "../chain/signed-word.ts";
import { validUntilOr } from "../chain/times.ts";
import { readPool, sendForEvent, sendToPool } from "./send.ts";

/** Sealed votes: how they are made, handed in, opened, and found again. */

/** A juror's place: on which panel of which job. */
export interface SeatParameters {
  /** The job's id on chain. */
  jobId: string;
  /** How many panels the case had before. */
  panel: bigint;
  seat: bigint;
}

/** What a commitment hides. Keep it secret until the panel reveals. */
export interface Opening {
  seat: bigint;
  vote: Vote;
  salt: string;
}

export interface SealedVote extends Opening {
  /** This may be seen by all. */
  commitment: string;
}

/**
 * Seals the signer's vote. The salt comes out of a signature of the signer, so it need not be kept: sealing again, or
 * `findVote`, gives it again.
 * @example const sealed = await pool.sealVote({ jobId, panel: 0n, seat: 2n, vote: Vote.Worker });
 */
export async function sealVote(
  context: ChainContext,
  { vote, ...place }: SeatParameters & { vote: Vote },
): Promise<SealedVote> {
  const { ballot, salt } = await ballotOf(context, place);
  return { seat: place.seat, vote, salt, commitment: commitmentOf(ballot, vote, salt) };
}

/** A juror's commitment, signed to be carried by anyone. */
export interface CommitWord {
  seat: bigint;
  commitment: string;
  validUntil: bigint;
  signature: string;
}

/** Signs, as the juror of a seat, that this is its sealed vote. */
export async function signCommit(
  context: ChainContext,
  parameters: SeatParameters & { commitment: string; validUntil?: bigint },
): Promise<CommitWord> {
  const { jobId, panel, seat, commitment } = parameters;
  const { deployment } = context;
  const validUntil = await validUntilOr(context, parameters.validUntil);
  const domain = poolDomain(deployment.chainId, deployment.arbitrationPool);
  const message = { jobId, panel, seat, commitment, validUntil };
  return { seat, commitment, validUntil, signature: await signWord(signerOf(context), domain, "Commit", message) };
}

export interface CommitParameters {
  jobId: string;
  /** Without a signature the signer must be the juror of the seat. */
  words: (Pick<CommitWord, "seat" | "commitment"> & Partial<CommitWord>)[];
}
export type CommitError = ContractCallError<
  | "WrongPhase"
  | "TooLate"
  | "SeatOutOfRange"
  | "AlreadyCommitted"
  | "SenderNotAllowed"
  | "SignatureInvalid"
  | "SignatureExpired"
>;

export function encodeCommit({ jobId, words }: CommitParameters): string {
  const whole = words.map((word) => ({ ...OWN_WORD, ...word }));
  return arbitrationPoolInterface.encodeFunctionData("commit", [jobId, whole]);
}

/**
 * Hands in sealed votes of a panel's jurors, one's own or signed ones.
 * @throws CommitError
 */
export async function commit(context: ChainContext, parameters: CommitParameters): Promise<Mined> {
  return (await sendForEvent(context, "commit", encodeCommit(parameters), "Committed")).mined;
}

/** A commitment as the chain has it. */
export interface Commitment {
  seat: bigint;
  commitment: string;
}

/** All commitments of a panel in the order of their events, as `reveal` and `denounce` want them. */
export async function commitments(
  context: ChainContext,
  { jobId, panel }: Pick<SeatParameters, "jobId" | "panel">,
): Promise<Commitment[]> {
  const filter = context.pool.filters.Committed(jobId, panel);
  const events = await readPool("commitments", context.pool.queryFilter(filter, context.deployment.deployBlock));
  return events.map(({ args }) => ({ seat: args.seat, commitment: args.commitment }));
}

/**
 * Finds again what the signer has committed, by signing for its salt again and trying the votes.
 * @returns undefined where no vote of this signer makes the commitment on chain, or there is none
 * @example const opening = await pool.findVote({ jobId, panel: 0n, seat: 2n });
 */
export async function findVote(context: ChainContext, place: SeatParameters): Promise<Opening | undefined> {
  const { ballot, salt } = await ballotOf(context, place);
  const committed = (await commitments(context, place)).find(({ seat }) => seat === place.seat)?.commitment;
  const vote = [Vote.Client, Vote.Worker, Vote.Unclear].find((each) => commitmentOf(ballot, each, salt) === committed);
  return vote === undefined ? undefined : { seat: place.seat, vote, salt };
}

export interface RevealParameters {
  jobId: string;
  /** How many panels the case had before. */
  panel: bigint;
  openings: Opening[];
  /** Read from the chain when left out. */
  commitments?: Commitment[];
}
export type RevealError = ContractCallError<
  | "WrongPhase"
  | "TooEarly"
  | "TooLate"
  | "CommitmentsUnknown"
  | "SeatOutOfRange"
  | "VoteOutOfRange"
  | "NotCommitted"
  | "AlreadyRevealed"
  | "AlreadyDenounced"
  | "OpeningInvalid"
>;

export function encodeReveal(parameters: Required<Omit<RevealParameters, "panel">>): string {
  const { jobId, openings } = parameters;
  return arbitrationPoolInterface.encodeFunctionData("reveal", [jobId, parameters.commitments, openings]);
}

/**
 * Opens votes, once all have committed or the time to commit is over. By anyone who has the salts.
 * @returns what the panel decided, if these were the last votes; `Vote.None`: nothing
 * @throws RevealError
 */
export async function reveal(
  context: ChainContext,
  parameters: RevealParameters,
): Promise<Mined & { outcome: Vote | undefined }> {
  const all = parameters.commitments ?? (await commitments(context, parameters));
  const { events, ...mined } = await sendToPool(context, "reveal", encodeReveal({ ...parameters, commitments: all }));
  return { ...mined, outcome: events.find(({ name }) => name === "Tallied")?.args["outcome"] as Vote | undefined };
}

export interface DenounceParameters {
  terms: Terms;
  /** How many panels the case had before. */
  panel: bigint;
  /** A vote that its juror has let out while the panel commits. */
  opening: Opening;
  /** Who gets the reward; the signer when left out. */
  denouncer?: string;
  /** Read from the chain when left out. */
  commitments?: Commitment[];
}
export type DenounceError = RevealError;

export function encodeDenounce(parameters: Required<Omit<DenounceParameters, "panel">>): string {
  const { terms, opening, denouncer } = parameters;
  const values = [terms, parameters.commitments, opening, denouncer] as const;
  return arbitrationPoolInterface.encodeFunctionData("denounce", [...values]);
}

/**
 * Opens a vote too early: its juror loses the stake at risk, a fourth of which goes to the denouncer.
 * @throws DenounceError
 */
export async function denounce(
  context: ChainContext,
  parameters: DenounceParameters,
): Promise<Mined & { juror: string }> {
  const place = { jobId: idOf(context, parameters.terms), panel: parameters.panel };
  const data = encodeDenounce({
    ...parameters,
    denouncer: parameters.denouncer ?? (await signerOf(context).getAddress()),
    commitments: parameters.commitments ?? (await commitments(context, place)),
  });
  const { mined, args } = await sendForEvent(context, "denounce", data, "Denounced");
  return { ...mined, juror: args["juror"] as string };
}

async function ballotOf(context: ChainContext, place: SeatParameters): Promise<{ ballot: Ballot; salt: string }> {
  const { chainId, arbitrationPool } = context.deployment;
  const salt = await saltOfVote(signerOf(context), poolDomain(chainId, arbitrationPool), place);
  return { ballot: { chainId, pool: arbitrationPool, ...place }, salt };
}
