import type { Event, Job, Message, Rating } from "@hireforhumans/protocol";
import { type EventsOptions, jobEvents } from "./events.ts";
import { type Pages, pagesOf } from "./pages.ts";
import type { AnswerOf, BodyOf, CallOptions, QueryOf, Transport } from "./transport.ts";

export type JobFilter = Partial<Omit<QueryOf<"listJobs">, "cursor">>;

/** Post jobs and see them through. */
export class Jobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Posts a job and locks its reward in escrow. One Idempotency-Key goes with all attempts; give your own to make it
   * hold across restarts of your agent.
   * @throws PaymentRequiredError with the shortfall, InvalidRequestError with the field, and other GatewayErrors
   * @example
   * const job = await client.jobs.create({
   *   category: "customer_support_escalation", description: "Call the customer back.", reward: "15.00", deadline_minutes: 30,
   * });
   */
  async create(job: BodyOf<"createJob">, options: CallOptions = {}): Promise<Job> {
    return await this.#transport.call("createJob", { ...options, body: job });
  }

  async get(jobId: string, options: CallOptions = {}): Promise<Job> {
    return await this.#transport.call("getJob", { ...options, params: { id: jobId } });
  }

  /** @example for await (const job of client.jobs.list({ status: "open" })) console.log(job.job_id); */
  list(filter: JobFilter = {}, options: CallOptions = {}): Pages<Job> {
    return pagesOf((cursor) => this.#transport.call("listJobs", { ...options, query: { ...filter, cursor } }));
  }

  /** Takes an open job back. With `word` (from `signCancel`) the client speaks itself, else its gateway for it. */
  async cancel(jobId: string, word: BodyOf<"cancelJob"> = {}, options: CallOptions = {}): Promise<Job> {
    return await this.#transport.call("cancelJob", { ...options, params: { id: jobId }, body: word });
  }

  /** Pays the worker on the client's own word, without waiting for the verdict. */
  async release(jobId: string, word: BodyOf<"releaseJob"> = {}, options: CallOptions = {}): Promise<Job> {
    return await this.#transport.call("releaseJob", { ...options, params: { id: jobId }, body: word });
  }

  async rate(jobId: string, rating: BodyOf<"rateJob">, options: CallOptions = {}): Promise<Rating> {
    return await this.#transport.call("rateJob", { ...options, params: { id: jobId }, body: rating });
  }

  messages(jobId: string, options: CallOptions = {}): Pages<Message> {
    return pagesOf((cursor) =>
      this.#transport.call("listMessages", { ...options, params: { id: jobId }, query: { cursor } }),
    );
  }

  /** Sends the worker an answer or a note (as a worker: the agent a question). */
  async sendMessage(jobId: string, message: BodyOf<"createMessage">, options: CallOptions = {}): Promise<Message> {
    return await this.#transport.call("createMessage", { ...options, params: { id: jobId }, body: message });
  }

  /** Follows the job's events until it has ended, across broken connections. */
  events(jobId: string, options: EventsOptions = {}): AsyncGenerator<Event> {
    return jobEvents(this.#transport, jobId, options);
  }

  /** The whole context packet. */
  async packet(jobId: string, options: CallOptions = {}): Promise<AnswerOf<"getPacket">> {
    return await this.#transport.call("getPacket", { ...options, params: { id: jobId } });
  }

  evidence(jobId: string, options: CallOptions = {}): Pages<AnswerOf<"submitEvidence">> {
    return pagesOf((cursor) =>
      this.#transport.call("listEvidence", { ...options, params: { id: jobId }, query: { cursor } }),
    );
  }

  /** The latest verdict with its reasons. */
  async verdict(jobId: string, options: CallOptions = {}): Promise<AnswerOf<"getVerdict">> {
    return await this.#transport.call("getVerdict", { ...options, params: { id: jobId } });
  }
}
