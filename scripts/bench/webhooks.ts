import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { verifyWebhook } from "@hireforhumans/client";
import type { EventType } from "@hireforhumans/protocol";

/** Takes the agent's webhooks and remembers when each came. */
export interface Receiver {
  url: string;
  /** When the first of this type about this job came, by `performance.now()`; undefined while it has not. */
  cameAt(jobId: string, type: EventType): number | undefined;
  count(type: EventType): number;
  /** Milliseconds from a job's first event to its second, of all jobs that had both. */
  spansOf(from: EventType, to: EventType): number[];
  stop(): void;
}

export async function startReceiver(secret: string): Promise<Receiver> {
  const times = new Map<EventType, Map<string, number>>();
  const server = createServer((request, response) => {
    const now = performance.now();
    void text(request).then(
      (body) => {
        const { type, job_id } = verifyWebhook(request.headers, body, secret);
        const jobs = times.get(type) ?? new Map<string, number>();
        times.set(type, jobs);
        if (!jobs.has(job_id)) jobs.set(job_id, now);
        response.writeHead(204).end();
      },
      () => response.writeHead(400).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    cameAt: (jobId, type) => times.get(type)?.get(jobId),
    count: (type) => times.get(type)?.size ?? 0,
    spansOf(from, to) {
      const began = times.get(from);
      return [...(times.get(to) ?? [])].flatMap(([jobId, at]) => {
        const start = began?.get(jobId);
        return start === undefined ? [] : [at - start];
      });
    },
    stop() {
      server.close().closeAllConnections();
    },
  };
}
