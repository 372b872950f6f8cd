import { arbitrationPoolInterface, type Terms, Vote } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "../chain/context.ts";
import type { ContractCallError } from "../chain/errors.ts";
import type { Mined } from "../chain/send.ts";
import { OWN_WORD, type SignedWord } from "../chain/signed-word.ts";
import { sendForEvent, sendToPool } from "./send.ts";

/** The steps of a case but its votes, in the order of its life; it begins with `dispute` of the escrow. */

type WordRefusal = "SenderNotAllowed" | "SignatureInvalid" | "SignatureExpired";

export interface AddEvidenceParameters {
  terms: Terms;
  /** `caseDocumentHashOf` what is added. */
  evidenceHash: string;
  /** The worker or the client; the signer when left out. */
  by?: string;
  /** From that party's `signAddEvidence`; without it the signer must be the party. */
  word?: SignedWord;
}
export type AddEvidenceError = ContractCallError<"WrongPhase" | "TooLate" | WordRefusal>;

export function encodeAddEvidence(parameters: AddEvidenceParameters & { by: string }): string {
  const { terms, by, evidenceHash, word = OWN_WORD } = parameters;
  const values = [terms, by, evidenceHash, word.validUntil, word.signature] as const;
  return arbitrationPoolInterface.encodeFunctionData("addEvidence", [...values]);
}

/**
 * Puts the hash of further evidence on record, before the panel is asked for.
 * @throws AddEvidenceError
 */
export async function addEvidence(context: ChainContext, parameters: AddEvidenceParameters): Promise<Mined> {
  const by = parameters.by ?? (await signerOf(context).getAddress());
  const data = encodeAddEvidence({ ...parameters, by });
  return (await sendForEvent(context, "addEvidence", data, "EvidenceAdded")).mined;
}

export interface AnswerParameters {
  terms: Terms;
  /** The side that was disputed or appealed against; the signer when left out. */
  by?: string;
  /** From that side's `signAnswer`; without it the signer must be that side. */
  word?: SignedWord;
}
export interface AnswerResult extends Mined {
  round: bigint;
  /** What was taken from the balance, in base units. */
  bond: bigint;
}
export type CaseAnswerError = ContractCallError<"WrongPhase" | "TooLate" | "BalanceTooLow" | WordRefusal>;

export function encodeAnswer({ terms, by, word = OWN_WORD }: AnswerParameters & { by: string }): string {
  return arbitrationPoolInterface.encodeFunctionData("answer", [terms, by, word.validUntil, word.signature]);
}

/**
 * Bonds too; the side that does not, loses.
 * @throws CaseAnswerError
 * @example await pool.answer({ terms });
 */
export async function answer(context: ChainContext, parameters: AnswerParameters): Promise<AnswerResult> {
  const by = parameters.by ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "answer", encodeAnswer({ ...parameters, by }), "Answered");
  return { ...mined, round: args["round"] as bigint, bond: args["bond"] as bigint };
}

export interface RequestDrawParameters {
  /** Ids on chain; those that are not due are passed over. */
  jobIds: string[];
}
export type RequestDrawError = ContractCallError<"StakesFrozen" | "NothingToDraw" | "InsufficientGas">;

export function encodeRequestDraw({ jobIds }: RequestDrawParameters): string {
  return arbitrationPoolInterface.encodeFunctionData("requestDraw", [jobIds]);
}

/**
 * Asks for randomness, once for all cases that wait. By anyone.
 * @returns the cases that take part in the draw, by job id on chain
 * @throws RequestDrawError
 */
export async function requestDraw(
  context: ChainContext,
  parameters: RequestDrawParameters,
): Promise<Mined & { jobIds: string[] }> {
  const { events, ...mined } = await sendToPool(context, "requestDraw", encodeRequestDraw(parameters));
  const asked = events.filter(({ name }) => name === "DrawRequested");
  return { ...mined, jobIds: asked.map(({ args }) => args["jobId"] as string) };
}

export interface CaseParameters {
  terms: Terms;
}
export type DrawError = ContractCallError<"WrongPhase" | "TooEarly" | "TooLate">;

export function encodeDraw({ terms }: CaseParameters): string {
  return arbitrationPoolInterface.encodeFunctionData("draw", [terms]);
}

/**
 * Draws a case's panel, once the randomness is here. By anyone.
 * @returns the jurors by seat; none where they were too few, and the case is drawn again
 * @throws DrawError
 */
export async function draw(context: ChainContext, parameters: CaseParameters): Promise<Mined & { jurors: string[] }> {
  const { events, ...mined } = await sendToPool(context, "draw", encodeDraw(parameters));
  const drawn = events.find(({ name }) => name === "Drawn");
  return { ...mined, jurors: drawn === undefined ? [] : [...(drawn.args["jurors"] as Iterable<string>)] };
}

export type TallyError = ContractCallError<"WrongPhase" | "TooEarly">;

export function encodeTally({ jobId }: { jobId: string }): string {
  return arbitrationPoolInterface.encodeFunctionData("tally", [jobId]);
}

/**
 * Counts the votes when the time to reveal is over. By anyone.
 * @throws TallyError
 */
export async function tally(context: ChainContext, parameters: { jobId: string }): Promise<Mined & { outcome: Vote }> {
  const { mined, args } = await sendForEvent(context, "tally", encodeTally(parameters), "Tallied");
  return { ...mined, outcome: args["outcome"] as Vote };
}

export interface AppealParameters {
  terms: Terms;
  /** The side that the panel decided against; the signer when left out. */
  by?: string;
  /** From that side's `signAppeal`; without it the signer must be that side. */
  word?: SignedWord;
}
export interface AppealResult extends AnswerResult {
  /** The last second (chain time) in which the other side may answer. */
  until: bigint;
}
export type AppealError = ContractCallError<
  "WrongPhase" | "TooLate" | "BalanceTooLow" | "NoFurtherAppeal" | WordRefusal
>;

export function encodeAppeal({ terms, by, word = OWN_WORD }: AppealParameters & { by: string }): string {
  return arbitrationPoolInterface.encodeFunctionData("appeal", [terms, by, word.validUntil, word.signature]);
}

/**
 * Appeals to a larger panel with a doubled bond.
 * @throws AppealError
 */
export async function appeal(context: ChainContext, parameters: AppealParameters): Promise<AppealResult> {
  const by = parameters.by ?? (await signerOf(context).getAddress());
  const { mined, args } = await sendForEvent(context, "appeal", encodeAppeal({ ...parameters, by }), "Appealed");
  return { ...mined, round: args["round"] as bigint, bond: args["bond"] as bigint, until: args["until"] as bigint };
}

export interface RuleResult extends Mined {
  /** `Vote.None`: split by the terms. */
  winner: Vote;
  workerShareBps: bigint;
  /** What the jurors got of the bonds, in base units. */
  fees: bigint;
}
export type RuleError = ContractCallError<"WrongPhase" | "TooEarly">;

export function encodeRule({ terms }: CaseParameters): string {
  return arbitrationPoolInterface.encodeFunctionData("rule", [terms]);
}

/**
 * Ends a case: the escrow pays by the ruling, jurors and bonds are settled. By anyone.
 * @throws RuleError
 */
export async function rule(context: ChainContext, parameters: CaseParameters): Promise<RuleResult> {
  const { mined, args } = await sendForEvent(context, "rule", encodeRule(parameters), "Ruled");
  const { winner, workerShareBps, fees } = args as { winner: Vote; workerShareBps: bigint; fees: bigint };
  return { ...mined, winner, workerShareBps, fees };
}
