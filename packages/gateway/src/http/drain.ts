import type { RequestHandler, Response } from "express";

/** What stands against sending more requests here. */
export class Stopping extends Error {
  override readonly name = "Stopping";

  constructor() {
    super("this gateway was told to stop and goes on serving until its balancer has noticed");
  }
}

/** The requests in hand, and whether there should be more. */
export class Drain {
  #stopping = false;
  readonly #work = new Map<Promise<unknown>, Response>();

  /** From now on callers are asked to turn elsewhere; whoever comes is still served. */
  begin(): void {
    this.#stopping = true;
    for (const response of this.#work.values()) if (!response.headersSent) endConnection(response);
  }

  /** @throws Stopping once it has begun */
  requireServing(): void {
    if (this.#stopping) throw new Stopping();
  }

  /** A kept connection ends with the next answer on it, which its other side knows how to take, rather than by a cut. */
  endConnections(): RequestHandler {
    return (_, response, next) => {
      if (this.#stopping) endConnection(response);
      next();
    };
  }

  /** Counts what is done for a request, which goes on when its caller has left. */
  async hold(response: Response, work: Promise<unknown>): Promise<void> {
    this.#work.set(work, response);
    try {
      await work;
    } finally {
      this.#work.delete(work);
    }
  }

  /** Waits for all that is in hand. Call it when no request can come any more. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#work.keys());
  }
}

const endConnection = (response: Response): unknown => response.set("connection", "close");
