import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A call that its answer never reaches: the connection breaks. */
export class Lost extends Error {
  override readonly name = "Lost";
}

export interface HttpCall {
  path: string;
  body: string;
}

export interface Gate {
  url: string;
  /** Looks at each call before it goes on. Throws Lost where it is to go no further. */
  before: ((call: HttpCall) => Promise<void> | void) | undefined;
  /** Looks at each call that was answered, before the caller is. Throws Lost where the answer is to get lost. */
  after: ((call: HttpCall) => Promise<void> | void) | undefined;
  /** Answers in the other side's place; undefined: it is asked itself. */
  instead: ((call: HttpCall) => Promise<string> | undefined) | undefined;
  stop(): void;
}

/** Stands before an HTTP server on this machine and passes on what comes, unless told otherwise. */
export async function startGate(upstream: string): Promise<Gate> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, response) => {
    void pass(incoming, response).catch(() => response.destroy());
  });

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const call = { path: incoming.url ?? "/", body: body.toString() };
    await gate.before?.(call);
    const instead = gate.instead?.(call);
    const [status, headers, answer] =
      instead === undefined
        ? await forward(incoming, body)
        : [200, { "content-type": "application/json" }, Buffer.from(await instead)];
    await gate.after?.(call);
    response.writeHead(status, { ...headers, "content-length": answer.length }).end(answer);
  }

  async function forward(incoming: IncomingMessage, body: Buffer): Promise<[number, Record<string, string>, Buffer]> {
    const ours = ["host", "connection", "content-length"];
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !ours.includes(name)));
    const outgoing = request(new URL(incoming.url ?? "/", upstream), {
      method: incoming.method,
      agent,
      headers: { ...headers, "content-length": body.length },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const type = answer.headers["content-type"];
    return [answer.statusCode ?? 502, type === undefined ? {} : { "content-type": type }, await buffer(answer)];
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    before: undefined,
    after: undefined,
    instead: undefined,
    stop() {
      server.close().closeAllConnections();
      agent.destroy();
    },
  };
  return gate;
}
