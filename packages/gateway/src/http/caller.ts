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

export type Caller = KeyCaller | WorkerCaller;

export const isWorker = (caller: Caller): caller is WorkerCaller => "worker" in caller;

/** What a token begins with says which of the two it is. */
export const KEY_PREFIX = "hfh_";
export const SESSION_PREFIX = "hfw_";

/** How tokens become callers; each gives undefined for a token that is unknown, revoked or past its time. */
export interface Authenticators {
  key(token: string): Promise<KeyCaller | undefined>;
  session(token: string): Promise<WorkerCaller | undefined>;
}
