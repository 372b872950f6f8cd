import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { verifyWebhook } from "@hireforhumans/client";

/** Takes the agent's webhooks and remembers by which ids each event came. */
export interface Receiver {
  url: string;
  /** Ids by which a job's event of that number came; none while it has not. */
  idsOf(jobId: string, sequence: number): ReadonlySet<string>;
  stop(): Promise<void>;
}

export async function startReceiver(secret: string): Promise<Receiver> {
  const ids = new Map<string, Set<string>>();
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        const { id, job_id, sequence } = verifyWebhook(request.headers, body, secret);
        const key = `${job_id} ${sequence}`;
        ids.set(key, (ids.get(key) ?? new Set()).add(id));
        response.writeHead(204).end();
      },
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    idsOf: (jobId, sequence) => ids.get(`${jobId} ${sequence}`) ?? new Set(),
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
