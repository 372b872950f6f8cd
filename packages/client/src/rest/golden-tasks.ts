import type { GoldenTask } from "@hireforhumans/protocol";
import { type Pages, pagesOf } from "./pages.ts";
import type { BodyOf, CallOptions, QueryOf, Transport } from "./transport.ts";

/** Cases with known answers, by which a gateway's reviewers are measured. For its operator. */
export class GoldenTasks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Adds tasks, all of them or none; those that are there stay as they are.
   * @throws InvalidRequestError whose `param` names the row
   */
  async import(tasks: BodyOf<"importGoldenTasks">["tasks"], options: CallOptions = {}) {
    return await this.#transport.call("importGoldenTasks", { ...options, body: { tasks } });
  }

  list({
    domain,
    status,
    ...options
  }: CallOptions & Omit<QueryOf<"listGoldenTasks">, "cursor" | "limit"> = {}): Pages<GoldenTask> {
    return pagesOf((cursor) =>
      this.#transport.call("listGoldenTasks", { ...options, query: { cursor, domain, status } }),
    );
  }

  /** Asks it no more, and counts its answers for nobody. */
  async retire(goldenTaskId: string, reason: string, options: CallOptions = {}): Promise<GoldenTask> {
    return await this.#transport.call("retireGoldenTask", {
      ...options,
      params: { id: goldenTaskId },
      body: { reason },
    });
  }
}
