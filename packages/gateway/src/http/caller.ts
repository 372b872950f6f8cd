import type { Scope } from "@hireforhumans/protocol";

/** Who calls with an API key (`Authorization: Bearer hfh_…`). */
export interface KeyCaller {
  client: { id: string; address: string };
  key: {
    id: string;
    scopes: readonly Scope[];
    /** Base units, fee included; null: no cap. */
    capPerJob: bigint | null;
    capTotal: bigint | null;
    expiresAt: Date | null;
  };
}

/** Who calls with a worker's session (`Authorization: Bearer hfw_…`). */
export interface WorkerCaller {
  worker: { id: string; address: string };
}

/** The gateway's operator (`Authorization: Bearer hfo_…`). */
export interface OperatorCaller {
  operator: true;
}

/** Whose jobs a call may be about. */
export type Caller = KeyCaller | WorkerCaller;
export type AnyCaller = Caller | OperatorCaller;

export const isWorker = (caller: AnyCaller): caller is WorkerCaller => "worker" in caller;
export const isOperator = (caller: AnyCaller): caller is OperatorCaller => "operator" in caller;

/** What a token begins with says which of them it is. */
export const OPERATOR_PREFIX = "hfo_";
export const KEY_PREFIX = "hfh_";
export const SESSION_PREFIX = "hfw_";

/** How tokens become callers; each gives undefined for a token that is unknown, revoked or past its time. */
export interface Authenticators {
  key(token: string): Promise<KeyCaller | undefined>;
  session(token: string): Promise<WorkerCaller | undefined>;
  operator(token: string): OperatorCaller | undefined;
}
