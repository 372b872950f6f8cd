import { once } from "node:events";
import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** One address for several gateways. */
export interface Balancer {
  readonly url: string;
  /** Ports of the gateways that are sent to now. */
  ready(): number[];
  stop(): Promise<void>;
}

const lookEveryMs = 200;
/** A gateway that says nothing for so long is sent nothing more, and what waits for it is given up. */
const patienceMs = 2_000;

/**
 * Sends each request to one of the gateways that say of themselves that they are ready, in turn. A gateway that can't be
 * connected to is passed over for the next one. A request that was handed over is never sent again: whether it was
 * done, only its caller can find out, by its idempotency key.
 */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const ready = new Set<number>();
  const inHand = new Map<number, Set<Socket>>(ports.map((port) => [port, new Set()]));
  let turn = 0;
  let stopped = false;

  async function watch(port: number): Promise<void> {
    while (!stopped) {
      const verdict = await looksReady(port);
      if (verdict === "yes") ready.add(port);
      else ready.delete(port);
      if (verdict === "silent") for (const socket of inHand.get(port) ?? []) socket.destroy();
      await sleep(lookEveryMs);
    }
  }

  async function handOver(): Promise<{ port: number; socket: Socket } | undefined> {
    const candidates = [...ready].sort((a, b) => a - b);
    turn += 1;
    for (let index = 0; index < candidates.length; index++) {
      const port = candidates[(turn + index) % candidates.length];
      const socket = port === undefined ? undefined : await connectTo(port);
      if (port !== undefined && socket !== undefined) return { port, socket };
    }
    return undefined;
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const taker = await handOver();
    if (taker === undefined) {
      refuse(outgoing, 503, "No gateway is ready.");
      return;
    }
    const { port, socket } = taker;
    const mine = inHand.get(port);
    mine?.add(socket);
    socket.once("close", () => mine?.delete(socket));
    const { method, url: path, headers } = incoming;
    const passed = send({ method, path, headers: { ...headers, connection: "close" }, createConnection: () => socket });
    passed.once("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: "keep-alive" });
      answer.pipe(outgoing);
      answer.once("error", () => outgoing.destroy());
    });
    passed.once("error", () => {
      if (outgoing.headersSent) outgoing.destroy();
      else refuse(outgoing, 502, "The gateway went away; whether it did what was asked is not known.");
    });
    outgoing.once("close", () => socket.destroy());
    incoming.pipe(passed);
  }

  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const watching = ports.map((port) => watch(port));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: () => [...ready],
    async stop() {
      stopped = true;
      server.close();
      server.closeAllConnections();
      await Promise.all(watching);
    },
  };
}

function refuse(outgoing: ServerResponse, status: number, detail: string): void {
  outgoing.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(detail);
}

async function connectTo(port: number): Promise<Socket | undefined> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(patienceMs) });
    return socket;
  } catch {
    // Nobody is there: the next one is tried.
    socket.destroy();
    return undefined;
  }
}

async function looksReady(port: number): Promise<"yes" | "no" | "silent"> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(patienceMs) });
    await answer.body?.cancel();
    return answer.ok ? "yes" : "no";
  } catch (error) {
    return error instanceof DOMException && error.name === "TimeoutError" ? "silent" : "no";
  }
}
