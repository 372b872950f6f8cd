/** One kind of error: its HTTP status, what it means and what the caller can do about it. */
export interface ErrorKind {
  status: number;
  title: string;
  meaning: string;
  remedy: string;
}

/**
 * Every code an answer can carry. Codes never change their meaning; docs/errors.md is generated from here
 * (`npx pnpm@12 generate`).
 */
export const ERRORS = {
  // 400
  malformed_json: {
    status: 400,
    title: "Not JSON",
    meaning: "The body is not JSON text in UTF-8.",
    remedy: "Send one JSON document; the detail says where reading stopped.",
  },
  malformed_upload: {
    status: 400,
    title: "Not an upload",
    meaning: "The body is not multipart/form-data with exactly one whole file that can be read.",
    remedy: "Send the file as one part of a multipart/form-data body, whole.",
  },

  // 401
  unauthenticated: {
    status: 401,
    title: "Not authenticated",
    meaning: "The request carries no valid key or session, or the one it carries was revoked or has expired.",
    remedy: "Send `Authorization: Bearer <key>`; as a worker, sign in again.",
  },
  sign_in_refused: {
    status: 401,
    title: "Sign-in refused",
    meaning: "The sign-in message is not one we asked for: wrong domain, chain, time or signer, or its nonce was used.",
    remedy: "Ask for a new nonce, sign the message as it stands and send it within its time.",
  },

  // 402
  insufficient_funds: {
    status: 402,
    title: "Balance does not cover the job",
    meaning: "The client's wallet holds less USDC than reward and fee.",
    remedy: "Add the `shortfall` to the wallet, or fund the job by a signed authorization as `accepts` describes.",
  },
  insufficient_allowance: {
    status: 402,
    title: "Spending limit does not cover the job",
    meaning:
      "What the client allowed this gateway on chain (USDC allowance and spending limit) is less than reward and fee.",
    remedy:
      "Raise the limit on chain by the `shortfall`, or fund the job by a signed authorization as `accepts` describes.",
  },
  authorization_refused: {
    status: 402,
    title: "Authorization does not pay for the job",
    meaning:
      "The signed EIP-3009 authorization is not for these terms: other payer, receiver, amount, time or nonce, or it was used.",
    remedy: "Sign what `accepts` asks for; the nonce must be the job's id on chain.",
  },

  // 403
  scope_missing: {
    status: 403,
    title: "Scope missing",
    meaning: "The key is valid but lacks the scope this operation needs.",
    remedy: "Use a key that has the scope which the detail names.",
  },
  forbidden: {
    status: 403,
    title: "Not yours to do",
    meaning: "The caller is known but is not the one this operation belongs to.",
    remedy: "Call as the worker or client that the detail names.",
  },

  // 404, 405
  not_found: {
    status: 404,
    title: "Not found",
    meaning: "There is no such resource, or it belongs to somebody else.",
    remedy: "Check the id and whose key you use.",
  },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    meaning: "The path exists but not with this method.",
    remedy: "Use a method that the `Allow` header names.",
  },

  // 409
  verdict_conflict: {
    status: 409,
    title: "Verdict conflict",
    meaning:
      "A node of the oracle found otherwise than the verdict that it is asked to sign, or has signed otherwise before.",
    remedy: "Ask the node what it finds, and put the reasons together anew.",
  },
  idempotency_conflict: {
    status: 409,
    title: "Idempotency-Key used for another request",
    meaning: "The same Idempotency-Key came before with a different body.",
    remedy: "Use a new key for a new request, or repeat the first body.",
  },
  idempotency_in_progress: {
    status: 409,
    title: "First request still running",
    meaning: "A request with the same Idempotency-Key and body is being worked on.",
    remedy: "Wait for `Retry-After` seconds and send it again.",
  },
  wrong_status: {
    status: 409,
    title: "Wrong status",
    meaning: "The job is not in a status that allows this operation.",
    remedy: "Read the job; the detail names its status and those that are allowed.",
  },
  too_early: {
    status: 409,
    title: "Too early",
    meaning: "The time after which this is allowed has not come.",
    remedy: "Wait until the time that the detail names.",
  },
  too_late: {
    status: 409,
    title: "Too late",
    meaning: "The time in which this was allowed is over.",
    remedy: "Read the job to see what is possible now.",
  },
  offer_taken: {
    status: 409,
    title: "Offer taken",
    meaning: "Another worker accepted this job first.",
    remedy: "Look for other offers.",
  },
  offer_expired: {
    status: 409,
    title: "Offer expired",
    meaning: "The time to answer this offer is over, or the job was withdrawn.",
    remedy: "Look for other offers.",
  },
  offer_already_decided: {
    status: 409,
    title: "Offer already decided",
    meaning: "This offer was accepted or declined before.",
    remedy: "Read the offer to see how it was decided.",
  },
  at_capacity: {
    status: 409,
    title: "At capacity",
    meaning: "The worker already has as many jobs as its capacity allows.",
    remedy: "Finish a job or raise the capacity.",
  },
  already_submitted: {
    status: 409,
    title: "Already submitted",
    meaning: "Evidence for this round of the job was handed in before.",
    remedy: "Read the evidence that was submitted.",
  },
  already_rated: {
    status: 409,
    title: "Already rated",
    meaning: "The job has a rating.",
    remedy: "Nothing: a rating stands.",
  },
  already_confirmed: {
    status: 409,
    title: "Already answered",
    meaning: "The customer answered this confirmation before.",
    remedy: "Nothing: the first answer stands.",
  },
  profile_exists: {
    status: 409,
    title: "Profile exists",
    meaning: "The worker has a profile in this domain.",
    remedy: "Change that profile instead.",
  },
  account_not_allowed: {
    status: 409,
    title: "Account not allowed",
    meaning: "This account can't have this part in the job: it is another party of it, or not the one that was named.",
    remedy: "Use an account that has no other part in the job.",
  },
  reputation_too_low: {
    status: 409,
    title: "Reputation too low",
    meaning: "The worker's reputation in the job's domain is below what the job asks for.",
    remedy: "Take jobs that ask for less first.",
  },
  nothing_to_withdraw: {
    status: 409,
    title: "Nothing to withdraw",
    meaning: "The account has no credit in the escrow.",
    remedy: "Nothing is owed to this account.",
  },
  arbiter_missing: {
    status: 409,
    title: "No arbiter",
    meaning: "The job was funded without an arbiter, so it knows no disputes.",
    remedy: "Name an arbiter when creating a job.",
  },

  arbitration_missing: {
    status: 409,
    title: "No arbitration",
    meaning: "This gateway has no arbitration pool.",
    remedy: "Use a gateway that has one; jobs of this one know no disputes.",
  },
  wrong_phase: {
    status: 409,
    title: "Wrong phase",
    meaning: "The case is not in a phase that allows this operation.",
    remedy: "Read the case; the detail names its phase and those that are allowed.",
  },
  balance_too_low: {
    status: 409,
    title: "Balance in the pool too low",
    meaning: "What the account has in the arbitration pool does not cover the bond, stake or withdrawal.",
    remedy: "Deposit what the detail names; a `deposit` can go along with the word that needs it.",
  },
  no_further_appeal: {
    status: 409,
    title: "No further appeal",
    meaning: "The last panel has decided.",
    remedy: "Nothing: its word stands.",
  },
  already_committed: {
    status: 409,
    title: "Already committed",
    meaning: "This seat has handed in a sealed vote, which can't be exchanged.",
    remedy: "Reveal that vote when the panel reveals.",
  },
  not_committed: {
    status: 409,
    title: "Not committed",
    meaning: "This seat has handed in no sealed vote that could be opened.",
    remedy: "Nothing: the time to commit is over.",
  },
  already_revealed: {
    status: 409,
    title: "Already revealed",
    meaning: "The vote of this seat is open.",
    remedy: "Nothing: a vote stands.",
  },
  not_staked: {
    status: 409,
    title: "No stake",
    meaning: "The account is no juror: it has nothing at stake.",
    remedy: "Stake first.",
  },
  stakes_frozen: {
    status: 409,
    title: "Stakes are frozen",
    meaning: "A panel is being drawn, and until it is no stake may change.",
    remedy: "Try again after the time that the detail names, often minutes earlier.",
  },
  stake_not_free: {
    status: 409,
    title: "Stake not free",
    meaning: "The stake is at risk in open cases, or its exit delay runs.",
    remedy: "Retire first, then wait until the time that the detail names and until your cases have ended.",
  },
  already_retired: {
    status: 409,
    title: "Already retired",
    meaning: "The juror has left; the stake waits for its exit delay.",
    remedy: "Unstake when the delay is over; then you may stake anew.",
  },
  nothing_to_collect: {
    status: 409,
    title: "Nothing to collect",
    meaning: "The stake has earned nothing above its weight.",
    remedy: "Wait until cases in which you voted with the panel have ended.",
  },

  // 413, 415
  payload_too_large: {
    status: 413,
    title: "Body too large",
    meaning: "The request body is larger than this operation takes.",
    remedy: "Send less; the detail names the limit. Files go to POST /v1/files.",
  },
  file_too_large: {
    status: 413,
    title: "File too large",
    meaning: "The file, or what it unpacks to, is larger than the limit.",
    remedy: "Send a smaller file; the detail names the limit.",
  },
  unsupported_media_type: {
    status: 415,
    title: "Media type not supported",
    meaning: "The Content-Type of the body is not one that this operation takes.",
    remedy: "Send the type that the detail names.",
  },
  file_type_not_allowed: {
    status: 415,
    title: "File type not allowed",
    meaning: "Files of this type are not taken as evidence, or the content is not what its name and type say.",
    remedy: "Send one of the types that the detail names.",
  },

  // 422
  invalid_request: {
    status: 422,
    title: "Invalid request",
    meaning: "A field is missing or has a value that is not allowed.",
    remedy: "Correct the field that `param` names, as the detail says.",
  },
  unknown_field: {
    status: 422,
    title: "Unknown field",
    meaning: "The body has a field that this operation does not know.",
    remedy: "Remove or correct the field that `param` names; your own data goes into `metadata` or `state`.",
  },
  json_too_deep: {
    status: 422,
    title: "JSON too deep",
    meaning: "The body is nested deeper than is taken.",
    remedy: "Send flatter JSON; the detail names the limit.",
  },
  amount_malformed: {
    status: 422,
    title: "Not an amount",
    meaning: "The value is not plain decimal digits with an optional point.",
    remedy: 'Send an amount like "15.00".',
  },
  amount_negative: {
    status: 422,
    title: "Negative amount",
    meaning: "The amount is below zero.",
    remedy: "Send an amount above zero.",
  },
  amount_zero: {
    status: 422,
    title: "Amount is zero",
    meaning: "The amount is zero where that has no meaning.",
    remedy: "Send an amount above zero.",
  },
  amount_too_precise: {
    status: 422,
    title: "Too many decimals",
    meaning: "The amount has more than the 6 decimals of USDC.",
    remedy: "Round it to 6 decimals or fewer.",
  },
  amount_too_large: {
    status: 422,
    title: "Amount too large",
    meaning: "The amount is above what the escrow can hold for one job.",
    remedy: "Send a smaller amount.",
  },
  amount_too_small: {
    status: 422,
    title: "Amount too small",
    meaning: "The amount is below the least reward.",
    remedy: "Send at least the amount that the detail names.",
  },
  amount_above_cap: {
    status: 422,
    title: "Above the key's cap",
    meaning: "Reward and fee are above what this key may spend on one job or in all.",
    remedy: "Send a smaller reward or use a key with a higher cap.",
  },
  unknown_language: {
    status: 422,
    title: "Unknown language",
    meaning: "The value is not a language by English name or ISO 639-1 code.",
    remedy: 'Send a name or code such as "english" or "en".',
  },
  window_out_of_range: {
    status: 422,
    title: "Time out of range",
    meaning: "A deadline or window is shorter or longer than the escrow takes.",
    remedy: "Choose a time between the bounds that the detail names.",
  },
  webhook_url_not_allowed: {
    status: 422,
    title: "Webhook URL not allowed",
    meaning:
      "The URL names a private, loopback, link-local or metadata address, has credentials in it, or is not http(s).",
    remedy: "Send a public https URL.",
  },
  signature_invalid: {
    status: 422,
    title: "Signature invalid",
    meaning: "The signature is not by the expected account over the expected message, chain and contract.",
    remedy: "Sign the EIP-712 message again with the account that the detail names.",
  },
  signature_expired: {
    status: 422,
    title: "Signature expired",
    meaning: "The signature's `valid_until` is past or too near to be carried to the chain.",
    remedy: "Sign again with a later time.",
  },
  stake_out_of_range: {
    status: 422,
    title: "Stake out of range",
    meaning: "The whole stake would be less or more than the pool takes.",
    remedy: "Stake between the bounds that the detail names.",
  },
  opening_invalid: {
    status: 422,
    title: "Not what was committed",
    meaning: "Vote and salt do not make the commitment that this seat handed in.",
    remedy: "Make the salt again by signing `VoteSalt` with the same account, and send the vote that you committed.",
  },
  evidence_hash_mismatch: {
    status: 422,
    title: "Evidence hash does not match",
    meaning: "The evidence hash sent is not the hash of the bundle sent.",
    remedy: "Hash the canonical JSON (RFC 8785) of the bundle with keccak256.",
  },
  evidence_not_for_this_job: {
    status: 422,
    title: "Evidence of another job",
    meaning: "The bundle names another job, round or worker than the one it is submitted for.",
    remedy: "Build the bundle from this job.",
  },
  links_used_up: {
    status: 409,
    title: "Links used up",
    meaning: "As many pages were kept for this job as evidence can hold links.",
    remedy: "Hand in the evidence with those you have.",
  },
  evidence_file_missing: {
    status: 422,
    title: "Evidence file missing",
    meaning: "The bundle names a file that this worker has not uploaded.",
    remedy: "Upload the file first; its SHA-256 must be the one in the bundle.",
  },
  evidence_link_not_allowed: {
    status: 422,
    title: "Evidence link not allowed",
    meaning: "The job asks for a link, and no link of the bundle can be looked at: it is not a public https address.",
    remedy: "Send a link to a public https address.",
  },
  evidence_link_not_kept: {
    status: 422,
    title: "Evidence link not kept",
    meaning: "A link of the bundle names a copy that was not kept of this address for this worker and job.",
    remedy: "Have it kept by POST /v1/jobs/:id/links and name the sha256 of the answer, or leave it out.",
  },
  evidence_required_kind_missing: {
    status: 422,
    title: "Required evidence missing",
    meaning: "The job asks for a kind of evidence that the bundle lacks.",
    remedy: "Add evidence of the kind that the detail names.",
  },
  file_hash_mismatch: {
    status: 422,
    title: "File hash does not match",
    meaning: "The content that arrived does not have the SHA-256 that was announced.",
    remedy: "Send the file again, or correct its hash.",
  },
  verification_refused: {
    status: 422,
    title: "Verification refused",
    meaning:
      "A node of the oracle does not find by itself what it was asked to believe: the job, its terms, the evidence or a signature.",
    remedy:
      "Send what `param` names as the chain and the worker's signature have it; a job that was just funded, again later.",
  },
  file_name_not_allowed: {
    status: 422,
    title: "File name not allowed",
    meaning: "The name is empty, too long, or holds path or control characters.",
    remedy: "Send a plain file name without a path.",
  },
  pool_unknown: {
    status: 422,
    title: "Pool unknown",
    meaning: "The client has no such pool of workers.",
    remedy: "Name one of your own pools.",
  },
  job_refused: {
    status: 422,
    title: "Job refused",
    meaning:
      "The job asks a person for something that nobody may be hired for here; `screening` names rule and sentence.",
    remedy:
      "Ask for something else. Where the rule is mistaken, appeal: POST /v1/screenings/:id/appeal with the id in `screening`.",
  },
  message_refused: {
    status: 422,
    title: "Message refused",
    meaning:
      "The message asks the worker for something that nobody may be hired for here; `screening` names rule and sentence.",
    remedy:
      "Ask for something else. Where the rule is mistaken, appeal: POST /v1/screenings/:id/appeal with the id in `screening`.",
  },
  cursor_invalid: {
    status: 422,
    title: "Cursor invalid",
    meaning: "The cursor is not one that a list gave out.",
    remedy: "Send `next_cursor` of the page before, unchanged, or none for the first page.",
  },

  // 429
  rate_limited: {
    status: 429,
    title: "Too many requests",
    meaning: "The caller sends more requests than its limit.",
    remedy: "Wait for `Retry-After` seconds.",
  },

  // 5xx
  internal: {
    status: 500,
    title: "Internal error",
    meaning:
      "Something failed on our side that was not foreseen. Nothing more is told here; the log has it under `request_id`.",
    remedy: "Repeat with the same Idempotency-Key; if it persists, report the `request_id`.",
  },
  chain_rejected: {
    status: 502,
    title: "Chain rejected the transaction",
    meaning:
      "The contract refused the transaction for a reason that we did not foresee; the detail holds the contract's words.",
    remedy: "Read the job; if it persists, report the `request_id`.",
  },
  unavailable: {
    status: 503,
    title: "Unavailable",
    meaning:
      "A part that this operation needs (database, chain) does not answer at the moment, or the service is stopping.",
    remedy: "Wait for `Retry-After` seconds and repeat with the same Idempotency-Key.",
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}
