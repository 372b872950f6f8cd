import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ChainUnavailable } from "../../src/chain/errors.ts";
import { ChainNode, NodeError } from "../../src/chain/node.ts";

let server: Server;
let node: ChainNode;
/** What was asked, in its order. */
let asked: string[];
/** How many of the next calls get no answer. */
let losing: number;
let error: { code: number; message: string } | undefined;

beforeEach(async () => {
  [asked, losing, error] = [[], 0, undefined];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      asked.push(method);
      if (losing-- > 0) response.destroy();
      else
        response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(error === undefined ? { result: "0x7" } : { error }) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  node = new ChainNode(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 137);
});
afterEach(() => {
  node.destroy();
  server.close();
});

it("asks again for what was lost on the way, twice", async () => {
  losing = 2;
  expect(await node.transactionCount("0x01", "latest")).toBe(7n);
  expect(asked).toHaveLength(3);
});

it("says that the node does not answer when three tries were lost", async () => {
  losing = 3;
  await expect(node.chainId()).rejects.toThrow(ChainUnavailable);
  expect(asked).toHaveLength(3);
});

it("sends a transaction once: what became of it is found out by its receipt", async () => {
  losing = 1;
  await expect(node.send("eth_sendRawTransaction", ["0x02"])).rejects.toThrow(ChainUnavailable);
  expect(asked).toEqual(["eth_sendRawTransaction"]);
});

it("takes the node's own error for its answer", async () => {
  error = { code: -32000, message: "header not found" };
  await expect(node.chainId()).rejects.toThrow(NodeError);
  expect(asked).toHaveLength(1);
});
