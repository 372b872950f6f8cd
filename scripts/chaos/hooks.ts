import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { verifyWebhook } from "@hireforhumans/client";
import type { Event } from "@hireforhumans/protocol";

/** One arrival of a webhook, good signature and all. */
export interface Arrival {
  id: string;
  event: Event;
  /** By `performance.now()`. */
  at: number;
  /** It was answered with 2xx, as far as the receiver knows. */
  taken: boolean;
}

/** How a receiver takes a webhook. `hang`: no answer; `early`: the connection is closed before the body is read. */
export type Manner = "well" | "hang" | "fail" | "redirect" | "early" | "cut";

export interface Receiver {
  url: string;
  arrivals: Arrival[];
  /** Arrivals whose signature was not the gateway's. */
  forged: number;
  /** Default: all are taken well. */
  manner: (event: Event) => Manner;
  /** Looks at an arrival before it is answered. */
  before: ((event: Event) => Promise<void>) | undefined;
  /** Looks at it once it has been answered for good, before the answer leaves. */
  after: ((event: Event) => Promise<void>) | undefined;
  stop(): void;
}

export async function startReceiver(secret: string): Promise<Receiver> {
  /** Drawn before the body is read, since one manner is not to read it. */
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const event = eventOf(request.headers, body);
      if (event === undefined) {
        receiver.forged += 1;
        response.writeHead(400).end();
        return;
      }
      await receiver.before?.(event);
      const manner = receiver.manner(event);
      const taken = manner === "well";
      receiver.arrivals.push({ id: String(request.headers["webhook-id"]), event, at: performance.now(), taken });
      if (taken) await receiver.after?.(event);
      answer(response, manner);
    })().catch(() => response.destroy());
  });
  const eventOf = (headers: Parameters<typeof verifyWebhook>[0], body: string): Event | undefined => {
    try {
      return verifyWebhook(headers, body, secret);
    } catch {
      // Counted as forged.
      return undefined;
    }
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    arrivals: [],
    forged: 0,
    manner: () => "well",
    before: undefined,
    after: undefined,
    stop: () => server.close().closeAllConnections(),
  };
  return receiver;
}

function answer(response: ServerResponse, manner: Manner): void {
  switch (manner) {
    case "well":
      response.writeHead(204).end();
      return;
    case "hang":
      return;
    case "fail":
      response.writeHead(500).end("out of order");
      return;
    case "redirect":
      response.writeHead(302, { location: "http://127.0.0.1:1/elsewhere" }).end();
      return;
    case "early":
      response.destroy();
      return;
    case "cut":
      response.writeHead(200, { "content-length": "1000" });
      response.write("half an ans");
      setTimeout(() => response.destroy(), 20);
      return;
  }
}
