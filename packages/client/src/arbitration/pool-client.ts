import type { Deployment } from "@hireforhumans/protocol";
import { type Bound, bindVerbs, chainContext, type Runner } from "../chain/context.ts";
import { chainTime } from "../chain/times.ts";
import { deposit, depositWithAuthorization, setStandingAnswer, withdrawFromPool } from "./accounts.ts";
import { approvePool, poolMulticall } from "./calls.ts";
import { addEvidence, answer, appeal, draw, requestDraw, rule, tally } from "./cases.ts";
import { collect, retire, reweigh, stake, unstake } from "./jurors.ts";
import { account, caseOf, lottery, panelOf } from "./reads.ts";
import { commit, commitments, denounce, findVote, reveal, sealVote, signCommit } from "./votes.ts";
import {
  signAddEvidence,
  signAnswer,
  signAppeal,
  signDeposit,
  signRetire,
  signSetStandingAnswer,
  signStake,
  signWithdraw,
} from "./words.ts";

/** Everything one can do with the arbitration pool on chain, by name. A case begins with `dispute` of the escrow. */
const verbs = {
  approvePool,
  deposit,
  depositWithAuthorization,
  withdraw: withdrawFromPool,
  setStandingAnswer,
  stake,
  collect,
  retire,
  unstake,
  reweigh,
  addEvidence,
  answer,
  requestDraw,
  draw,
  sealVote,
  commit,
  commitments,
  findVote,
  reveal,
  denounce,
  tally,
  appeal,
  rule,
  multicall: poolMulticall,
  signDeposit,
  signWithdraw,
  signSetStandingAnswer,
  signStake,
  signRetire,
  signAddEvidence,
  signAnswer,
  signCommit,
  signAppeal,
  account,
  caseOf,
  panelOf,
  lottery,
  chainTime,
} as const;

type Verbs = typeof verbs;

export type PoolClient = { readonly [Name in keyof Verbs]: Bound<Verbs[Name]> } & { readonly deployment: Deployment };

export type PoolClientOptions = { deployment: Deployment } & Runner;

/**
 * A client of the arbitration pool on chain. With a `signer` it sends and signs, with a `provider` it only reads.
 * @example
 * const pool = createPoolClient({ deployment, signer: new Wallet(key, new JsonRpcProvider(url)) });
 * await pool.stake({ amount: parseUsdc("200") });
 */
export function createPoolClient({ deployment, ...runner }: PoolClientOptions): PoolClient {
  return { ...bindVerbs(verbs, chainContext(deployment, runner)), deployment };
}
