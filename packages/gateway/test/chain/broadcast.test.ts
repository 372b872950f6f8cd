import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { broadcastRaw } from "../../src/chain/broadcast.ts";
import { ChainNode } from "../../src/chain/node.ts";

/** What nodes answer to `eth_sendRawTransaction`, in their own words. */
const answers: [string, string, string][] = [
  ["geth and Bor", "already known", "taken"],
  ["Erigon", "ALREADY_EXISTS: already known", "taken"],
  ["Nethermind", "AlreadyKnown", "taken"],
  ["Hardhat", "Known transaction: 0x12", "taken"],
  ["geth and Bor", "nonce too low: next nonce 12, tx nonce 11", "nonceUsed"],
  ["Nethermind", "OldNonce, Current nonce: 12, nonce of rejected tx: 11", "nonceUsed"],
  ["Hardhat", "Nonce too low. Expected nonce to be 12 but got 11.", "nonceUsed"],
  ["Hardhat", "Nonce too high. Expected nonce to be 11 but got 12.", "tooEarly"],
  ["geth and Bor", "replacement transaction underpriced", "underpriced"],
  ["geth and Bor", "transaction underpriced: gas tip cap 1, minimum needed 30000000000", "underpriced"],
  ["Erigon", "UNDERPRICED: replacement transaction underpriced", "underpriced"],
  ["Nethermind", "FeeTooLow, MaxFeePerGas too low", "underpriced"],
  [
    "Hardhat",
    "Transaction maxFeePerGas (5) is too low for the next block, which has a baseFeePerGas of 6",
    "underpriced",
  ],
  ["geth and Bor", "insufficient funds for gas * price + value: balance 0, tx cost 21", "unaffordable"],
  ["Nethermind", "InsufficientFunds, Account balance: 0", "unaffordable"],
  ["Hardhat", "Sender doesn't have enough funds to send tx.", "unaffordable"],
  ["Besu", "Upfront cost exceeds account balance", "unaffordable"],
  ["geth and Bor", "tx fee (12.00 ether) exceeds the configured cap (1.00 ether)", "refused"],
];

let server: Server;
let node: ChainNode;
let message: string | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const answer = message === undefined ? { result: "0x12" } : { error: { code: -32000, message } };
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, ...answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

async function outcome(): Promise<string> {
  node = new ChainNode(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 137);
  const { kind } = await broadcastRaw(node, "0x02");
  node.destroy();
  return kind;
}

it.each(answers)("understands %s: %s", async (_node, words, kind) => {
  message = words;
  expect(await outcome()).toBe(kind);
});

it("takes a hash for a yes, and no answer for none", async () => {
  message = undefined;
  expect(await outcome()).toBe("taken");
  const dead = new ChainNode("http://127.0.0.1:9", 137);
  expect((await broadcastRaw(dead, "0x02")).kind).toBe("unreachable");
  dead.destroy();
});
