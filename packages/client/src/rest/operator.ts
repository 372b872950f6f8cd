import type { KeyCreated } from "@hireforhumans/protocol";
import { Screenings } from "./screenings.ts";
import { type BodyOf, type CallOptions, Transport, type TransportOptions } from "./transport.ts";

/** What the operator of a gateway can ask of it, with its OPERATOR_TOKEN. */
export interface Operator {
  readonly screenings: Screenings;
  /** Lets a client in; the answer holds its key, this once. */
  createClient(client: BodyOf<"createClient">, options?: CallOptions): Promise<KeyCreated>;
}

export function createOperator(options: TransportOptions): Operator {
  const transport = new Transport(options);
  return {
    screenings: new Screenings(transport),
    createClient: (client, callOptions = {}) => transport.call("createClient", { ...callOptions, body: client }),
  };
}
