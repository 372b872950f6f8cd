import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { verifyWebhook } from "@hireforhumans/client";
import type { Event, EventType } from "@hireforhumans/protocol";

export interface WebhookReceiver {
  url: string;
  /** The first event of this type about this job, once it has come with a good signature. */
  received(jobId: string, type: EventType): Promise<Event>;
  stop(): void;
}

const waitMs = 20_000;

/** What an agent's builder runs: takes webhooks and believes those whose signature is good. */
export async function startWebhookReceiver(secret: string): Promise<WebhookReceiver> {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        events.push(verifyWebhook(request.headers, body, secret));
        response.writeHead(204).end();
        for (const look of waiting) look();
      },
      () => response.writeHead(400).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received: (jobId, type) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          const heard = events.filter((event) => event.job_id === jobId).map((event) => event.type);
          reject(new Error(`no webhook ${type} came within ${waitMs / 1000} s; came: ${heard.join(", ") || "none"}`));
        }, waitMs);
        const look = () => {
          const event = events.find((candidate) => candidate.job_id === jobId && candidate.type === type);
          if (event === undefined) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
        look();
      }),
    stop: () => server.close().closeAllConnections(),
  };
}
