import { once } from "node:events";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Event } from "@hireforhumans/protocol";

export interface Delivered {
  headers: IncomingHttpHeaders;
  body: string;
  event: Event;
  atMs: number;
}

/** What an agent's builder runs. It keeps all that comes, and answers as it is told. */
export interface Receiver {
  url: string;
  deliveries: Delivered[];
  /** The status of the next answers, in order; 204 after them. `null`: no answer at all. */
  answers: (number | null)[];
  of(jobId: string): Delivered[];
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const deliveries: Delivered[] = [];
  const answers: (number | null)[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      deliveries.push({ headers: request.headers, body, event: JSON.parse(body) as Event, atMs: Date.now() });
      const status = answers.length > 0 ? answers.shift() : 204;
      if (status !== null && status !== undefined) response.writeHead(status, { location: "/elsewhere" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    deliveries,
    answers,
    of: (jobId) => deliveries.filter(({ event }) => event.job_id === jobId),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
