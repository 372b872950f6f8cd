import type { AuditEntry, AuditHead, AuditVerification, KeyCreated } from "@hireforhumans/protocol";
import { GoldenTasks } from "./golden-tasks.ts";
import { type Pages, pagesOf } from "./pages.ts";
import { Screenings } from "./screenings.ts";
import { type BodyOf, type CallOptions, Transport, type TransportOptions } from "./transport.ts";

/** What the operator of a gateway can ask of it, with its OPERATOR_TOKEN. */
export interface Operator {
  readonly screenings: Screenings;
  readonly goldenTasks: GoldenTasks;
  /** Lets a client in; the answer holds its key, this once. */
  createClient(client: BodyOf<"createClient">, options?: CallOptions): Promise<KeyCreated>;
  /** Ends a key of any client, with those that it made. */
  revokeKey(keyId: string, options?: CallOptions): Promise<void>;
  /** The privileged acts, newest first. */
  audit(options?: CallOptions): Pages<AuditEntry>;
  /** Whether their chain is whole. @param known an entry that was written down elsewhere */
  verifyAudit(known?: AuditHead, options?: CallOptions): Promise<AuditVerification>;
}

export function createOperator(options: TransportOptions): Operator {
  const transport = new Transport(options);
  return {
    screenings: new Screenings(transport),
    goldenTasks: new GoldenTasks(transport),
    createClient: (client, callOptions = {}) => transport.call("createClient", { ...callOptions, body: client }),
    revokeKey: async (id, callOptions = {}) => {
      await transport.call("revokeKey", { ...callOptions, params: { id } });
    },
    audit: (callOptions = {}) =>
      pagesOf((cursor) => transport.call("listAudit", { ...callOptions, query: { cursor } })),
    verifyAudit: (known, callOptions = {}) => {
      const query = known === undefined ? {} : { known_sequence: known.sequence, known_hash: known.hash };
      return transport.call("verifyAudit", { ...callOptions, query });
    },
  };
}
