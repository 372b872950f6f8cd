import { ContractFactory, Wallet, ZeroHash } from "ethers";
import { escrowDomain, wordTypes } from "@hireforhumans/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArtifact } from "../../../../scripts/chain/artifacts.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { ChainUnavailable } from "../../src/chain/errors.ts";
import { ChainNode } from "../../src/chain/node.ts";
import { type ChainReader, type Head, createChainReader } from "../../src/chain/reader.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";

const worker = new Wallet(devAccounts.workers[0]!.privateKey);
const other = new Wallet(devAccounts.workers[1]!.privateKey);
let world: TestChain;
let reader: ChainReader;
let head: Head | undefined;
/** A contract account whose key is the worker's. */
let account: string;

function followed(): Head {
  if (head === undefined) throw new ChainUnavailable("No block yet.");
  return head;
}

beforeAll(async () => {
  world = await startTestChain();
  await world.fundClient(5_000_000n);
  const { abi, bytecode } = await readArtifact("testing", "TestERC1271Account");
  const deployer = new Wallet(devAccounts.deployer.privateKey, world.node);
  const contract = await new ContractFactory(abi as [], bytecode, deployer).deploy(worker.address);
  await contract.waitForDeployment();
  account = await contract.getAddress();
  head = await world.node.block("latest");
  reader = createChainReader(world.node, world.deployment, followed);
});
afterAll(() => world.stop());

describe("what a client can spend", () => {
  it("is balance, allowance and the operator's limit, in base units", async () => {
    const { client, relayer, stranger } = devAccounts;
    const readAt = expect.any(Date) as Date;
    expect(await reader.fundingOf(client.address, relayer.address)).toEqual({
      readAt,
      balance: 5_000_000n,
      allowance: 5_000_000n,
      limit: { remaining: 5_000_000n, perJob: 5_000_000n, expiresAtSeconds: 2n ** 40n - 1n },
    });
    expect(await reader.fundingOf(stranger.address, relayer.address)).toEqual({
      readAt,
      balance: 0n,
      allowance: 0n,
      limit: { remaining: 0n, perJob: 0n, expiresAtSeconds: 0n },
    });
  });

  it("is unknown while the node does not answer", async () => {
    const dead = new ChainNode("http://127.0.0.1:9", world.chain.chainId);
    const blind = createChainReader(dead, world.deployment, followed);
    await expect(blind.fundingOf(devAccounts.client.address, account)).rejects.toThrow(ChainUnavailable);
    dead.destroy();
  });
});

describe("a signature", () => {
  const types = { Accept: wordTypes.Accept };
  const word = { jobId: ZeroHash, round: 0n, validUntil: 1n };
  const sign = (by: Wallet) =>
    by.signTypedData(escrowDomain(world.chain.chainId, world.deployment.escrow), types, word);
  const verify = (signer: string, signature: string, value: Record<string, unknown> = word) =>
    reader.verifyTypedData(signer, escrowDomain(world.chain.chainId, world.deployment.escrow), types, value, signature);

  it("is valid by the key of an account, over these words only", async () => {
    const signature = await sign(worker);
    expect(await verify(worker.address, signature)).toBe(true);
    expect(await verify(worker.address.toLowerCase(), signature)).toBe(true);
    expect(await verify(other.address, signature)).toBe(false);
    expect(await verify(worker.address, signature, { ...word, round: 1n })).toBe(false);
  });

  it("is valid by the word of a contract account (ERC-1271)", async () => {
    expect(await verify(account, await sign(worker))).toBe(true);
    expect(await verify(account, await sign(other))).toBe(false);
  });

  it("is not valid by a contract that knows no signatures, and not if it is no signature", async () => {
    expect(await verify(world.deployment.usdc, await sign(worker))).toBe(false);
    for (const junk of ["0x", "0x1234", `0x${"00".repeat(65)}`, "junk"]) {
      expect(await verify(worker.address, junk)).toBe(false);
      expect(await verify(account, junk)).toBe(false);
    }
  });

  it("of a message is verified in the same ways", async () => {
    const signature = await worker.signMessage("sign me in");
    expect(await reader.verifyMessage(worker.address, "sign me in", signature)).toBe(true);
    expect(await reader.verifyMessage(account, "sign me in", signature)).toBe(true);
    expect(await reader.verifyMessage(worker.address, "sign me out", signature)).toBe(false);
    expect(await reader.verifyMessage(other.address, "sign me in", signature)).toBe(false);
  });
});
