import { id, ZeroAddress } from "ethers";
import {
  ApiError,
  type ApiErrorOptions,
  domainOf,
  type ErrorCode,
  type Event,
  type EventType,
  formatUsdc,
  type Job,
  jobIdOf,
  type Offer,
  parseUsdc,
  saltOf,
  type Terms,
  termsToJson,
  totalOf,
} from "@hireforhumans/protocol";

export const CHAIN_ID = 137;
export const ESCROW = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
export const JOB_ID = "job_01jd3v8q6ze5fr8wq1m4t7x2yk";
const ID = "01jd3v8q6ze5fr8wq1m4t7x2yk";
const NOW = "2026-01-31T09:30:00.000Z";

export const terms: Terms = {
  client: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  worker: ZeroAddress,
  matcher: ZeroAddress,
  verifier: "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
  arbiter: ZeroAddress,
  reward: parseUsdc("15"),
  minReputation: 0n,
  backstopShareBps: 7_000n,
  deadline: 1_767_225_600n,
  workWindow: 1_800n,
  verifyWindow: 600n,
  reviewWindow: 0n,
  domain: domainOf("billing"),
  specHash: id("packet"),
  salt: saltOf(JOB_ID),
};

export function job(changes: Partial<Job> = {}): Job {
  return {
    job_id: JOB_ID,
    status: "open",
    category: "billing",
    description: "Call back.",
    reward: "15.00",
    fee: "0.375",
    total: formatUsdc(totalOf(terms.reward)),
    currency: "USDC",
    deadline_at: NOW,
    estimated_match_time: 0.5,
    workers_available: 3,
    chain_id: CHAIN_ID,
    escrow: ESCROW,
    chain_job_id: jobIdOf(CHAIN_ID, ESCROW, terms),
    terms: termsToJson(terms),
    escrow_transaction_hash: id("transaction"),
    release_transaction_hash: null,
    refund_transaction_hash: null,
    round: 0,
    requirements: [],
    languages: [],
    skills: [],
    domain: "billing",
    tier: null,
    pool_id: null,
    min_reputation: null,
    fallback: "wait",
    worker: null,
    awaiting_answer: false,
    resolution: null,
    worker_notes: null,
    evidence: [],
    verdict: null,
    rating: null,
    failure: null,
    metadata: {},
    state: null,
    sequence: 1,
    created_at: NOW,
    funded_at: NOW,
    accepted_at: null,
    submitted_at: null,
    ended_at: null,
    ...changes,
  };
}

export function event(type: EventType, sequence: number, data: Job = job()): Event {
  return {
    type,
    timestamp: NOW,
    job_id: JOB_ID,
    resolution: data.resolution,
    worker_notes: data.worker_notes,
    sequence,
    state: null,
    data,
    details: {},
    id: `evt_${ID}`,
  };
}

export function offer(changes: Partial<Offer> = {}): Offer {
  return {
    id: `off_${ID}`,
    job_id: JOB_ID,
    worker_id: `wrk_${ID}`,
    profile_id: `prf_${ID}`,
    status: "pending",
    reason: null,
    category: "billing",
    domain: "billing",
    reward: "15.00",
    work_window_seconds: 1_800,
    deadline_at: NOW,
    expires_at: NOW,
    packet: { reason: "billing" },
    chain_id: CHAIN_ID,
    escrow: ESCROW,
    chain_job_id: jobIdOf(CHAIN_ID, ESCROW, terms),
    terms: termsToJson(terms),
    round: 0,
    created_at: NOW,
    ...changes,
  };
}

export function problem(code: ErrorCode, options: ApiErrorOptions = {}): unknown {
  return new ApiError(code, "Because.", options).toProblem("req-1");
}
