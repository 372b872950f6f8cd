import type { Deployment } from "@hireforhumans/protocol";
import { accept } from "./accept.ts";
import { approve } from "./approve.ts";
import { cancel } from "./cancel.ts";
import { complete } from "./complete.ts";
import { bindVerbs, type Bound, chainContext, type Runner } from "./context.ts";
import { dispute } from "./dispute.ts";
import { fund } from "./fund.ts";
import { fundWithAuthorization } from "./fund-with-authorization.ts";
import { fundWithPermit } from "./fund-with-permit.ts";
import { multicall } from "./multicall.ts";
import { newTerms } from "./new-terms.ts";
import { balance, credit, job, reputation, spendingLimit } from "./reads.ts";
import { refund } from "./refund.ts";
import { reject } from "./reject.ts";
import { release } from "./release.ts";
import { reopen } from "./reopen.ts";
import { setSpendingLimit } from "./set-spending-limit.ts";
import { settle } from "./settle.ts";
import { signAccept } from "./sign-accept.ts";
import { signCancel } from "./sign-cancel.ts";
import { signDispute } from "./sign-dispute.ts";
import { signFundingAuthorization } from "./sign-funding-authorization.ts";
import { signPermit } from "./sign-permit.ts";
import { signSubmit } from "./sign-submit.ts";
import { signVerdict } from "./sign-verdict.ts";
import { submit } from "./submit.ts";
import { chainTime } from "./times.ts";
import { tryMulticall } from "./try-multicall.ts";
import { withdraw } from "./withdraw.ts";

/** Everything one can do on chain, by name. */
const verbs = {
  newTerms,
  approve,
  fund,
  fundWithPermit,
  fundWithAuthorization,
  cancel,
  accept,
  reopen,
  submit,
  release,
  complete,
  reject,
  dispute,
  refund,
  settle,
  withdraw,
  setSpendingLimit,
  multicall,
  tryMulticall,
  signAccept,
  signSubmit,
  signVerdict,
  signCancel,
  signDispute,
  signPermit,
  signFundingAuthorization,
  job,
  credit,
  spendingLimit,
  reputation,
  balance,
  chainTime,
} as const;

type Verbs = typeof verbs;
export type EscrowClient = { readonly [Name in keyof Verbs]: Bound<Verbs[Name]> } & {
  readonly deployment: Deployment;
};

export type EscrowClientOptions = { deployment: Deployment } & Runner;

/**
 * A client of the escrow on chain. With a `signer` it sends and signs, with a `provider` it only reads.
 * @example
 * const escrow = createEscrowClient({ deployment, signer: new Wallet(key, new JsonRpcProvider(url)) });
 * const { jobId } = await escrow.fund({ terms });
 */
export function createEscrowClient({ deployment, ...runner }: EscrowClientOptions): EscrowClient {
  return { ...bindVerbs(verbs, chainContext(deployment, runner)), deployment };
}
