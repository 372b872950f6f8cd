import type { Scope } from "@hireforhumans/protocol";

/** Who calls with an API key (`Authorization: Bearer hfh_…`). */
export interface KeyCaller {
  client: { id: string; address: string };
  key: {
    id: string;
    scopes: readonly Scope[];
    /** Base units of reward; null: no cap. */
    capPerJob: bigint | null;
    capTotal: bigint | null;
    expiresAt: Date | null;
  };
}

/** Who calls with a worker's session (`Authorization: Bearer hfw_…`). */
export interface WorkerCaller {
  worker: { id: string; address: string };
}

/** How tokens become callers; each gives undefined for a token that is unknown, revoked or past its time. */
export interface Authenticators {
  key(token: string): Promise<KeyCaller | undefined>;
  session(token: string): Promise<WorkerCaller | undefined>;
}

export const KEY_PREFIX = "hfh_";
export const SESSION_PREFIX = "hfw_";

/** Who may call a route: anyone, an API key, a worker, or either of the two. */
export type Auth = "none" | "key" | "session" | "either";

/** The caller as a handler of a route with this `auth` gets it. */
export interface CallerOf {
  none: undefined;
  key: KeyCaller;
  session: WorkerCaller;
  either: KeyCaller | WorkerCaller;
}

export function isWorker(caller: KeyCaller | WorkerCaller): caller is WorkerCaller {
  return "worker" in caller;
}
