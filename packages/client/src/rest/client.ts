import type { Availability, PublicWorker, ReviewQuality } from "@hireforhumans/protocol";
import type { Signer } from "ethers";
import { Arbitration, type TrustedContracts } from "./arbitration.ts";
import { Files } from "./files.ts";
import { Jobs } from "./jobs.ts";
import { Keys } from "./keys.ts";
import { Screenings } from "./screenings.ts";
import { type CallOptions, type QueryOf, Transport, type TransportOptions } from "./transport.ts";
import { Webhooks } from "./webhooks.ts";

export interface ClientOptions extends Omit<TransportOptions, "token"> {
  apiKey: string;
  /** The client's wallet, for the words of disputes. Needs no gas and no provider. */
  signer?: Signer | undefined;
  /** Refuse to sign for any other contracts. */
  trusted?: TrustedContracts | undefined;
}

/** What an agent can ask of a gateway. */
export interface Client {
  readonly jobs: Jobs;
  readonly files: Files;
  readonly webhooks: Webhooks;
  readonly keys: Keys;
  readonly arbitration: Arbitration;
  readonly screenings: Screenings;
  /** Whether somebody could take such a job now. Ask before promising anything. */
  availability(query?: QueryOf<"getAvailability">, options?: CallOptions): Promise<Availability>;
  worker(workerId: string, options?: CallOptions): Promise<PublicWorker>;
  /** How good peer reviews are, by domain. */
  reviewQuality(options?: CallOptions): Promise<ReviewQuality[]>;
}

/**
 * A client of a gateway for an agent. Requests are repeated where that is safe; every answer is checked against its
 * schema. Errors are `GatewayError`s.
 * @example
 * const client = createClient({ baseUrl: "https://api.example", apiKey: process.env.HFH_API_KEY });
 * const job = await client.jobs.create({ category: "billing", description: "…", reward: "15.00", deadline_minutes: 30 });
 * for await (const event of client.jobs.events(job.job_id)) console.log(event.type, event.resolution);
 */
export function createClient({ apiKey, signer, trusted, ...options }: ClientOptions): Client {
  const transport = new Transport({ ...options, token: apiKey });
  return {
    jobs: new Jobs(transport),
    files: new Files(transport),
    webhooks: new Webhooks(transport),
    keys: new Keys(transport),
    arbitration: new Arbitration(transport, signer, trusted),
    screenings: new Screenings(transport),
    availability: (query = {}, callOptions = {}) => transport.call("getAvailability", { ...callOptions, query }),
    worker: (workerId, callOptions = {}) => transport.call("getWorker", { ...callOptions, params: { id: workerId } }),
    reviewQuality: async (callOptions = {}) => (await transport.call("getReviewQuality", callOptions)).data,
  };
}
