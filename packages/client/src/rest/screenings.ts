import type { Screening, ScreeningStatus } from "@hireforhumans/protocol";
import { type Pages, pagesOf } from "./pages.ts";
import type { BodyOf, CallOptions, Transport } from "./transport.ts";

/** Jobs that a gateway refused for what they ask a person to do. */
export class Screenings {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first: your own, or everybody's as the operator. */
  list({ status, ...options }: CallOptions & { status?: ScreeningStatus } = {}): Pages<Screening> {
    return pagesOf((cursor) => this.#transport.call("listScreenings", { ...options, query: { cursor, status } }));
  }

  /** Asks the operator to allow the job; the refusal (`job_refused`) names the id. */
  async appeal(screeningId: string, message: string, options: CallOptions = {}): Promise<Screening> {
    return await this.#transport.call("appealScreening", {
      ...options,
      params: { id: screeningId },
      body: { message },
    });
  }

  /** As the operator. */
  async decide(
    screeningId: string,
    decision: BodyOf<"decideScreening">,
    options: CallOptions = {},
  ): Promise<Screening> {
    return await this.#transport.call("decideScreening", { ...options, params: { id: screeningId }, body: decision });
  }
}
