import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A JSON-RPC server before the real one that loses calls, as networks do. */
export interface LossyRpc {
  url: string;
  /** The share of calls of which the request or the answer is lost, half of each. */
  loss: number;
  /** Nothing reaches the real server. */
  down: boolean;
  lost: { requests: number; answers: number };
  stop(): Promise<void>;
}

interface Call {
  id: number;
}

/** @param random gives numbers from 0 to 1 */
export async function startLossyRpc(upstream: string, random: () => number): Promise<LossyRpc> {
  const lossy: LossyRpc = { url: "", loss: 0, down: false, lost: { requests: 0, answers: 0 }, stop };
  const server: Server = createServer((request, response) => {
    void (async () => {
      const body = JSON.parse(await text(request)) as Call | Call[];
      const calls = Array.isArray(body) ? body : [body];
      const answers = (await Promise.all(calls.map(pass))).flatMap((answer) => answer ?? []);
      if (answers.length === 0) response.destroy();
      else
        response
          .setHeader("content-type", "application/json")
          .end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
    })();
  });

  async function pass(call: Call): Promise<unknown> {
    const fate = random();
    if (lossy.down || fate < lossy.loss / 2) {
      lossy.lost.requests += 1;
      return undefined;
    }
    const headers = { "content-type": "application/json" };
    const response = await fetch(upstream, { method: "POST", headers, body: JSON.stringify(call) });
    const answer: unknown = await response.json();
    if (fate >= lossy.loss) return answer;
    lossy.lost.answers += 1;
    return undefined;
  }

  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  lossy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return lossy;
}
