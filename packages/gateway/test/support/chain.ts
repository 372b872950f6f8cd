import { Contract, Wallet, ZeroAddress, ZeroHash, encodeBytes32String } from "ethers";
import {
  type Escrow,
  Escrow__factory,
  type Terms,
  domainOf,
  escrowInterface,
  jobIdOf,
  totalOf,
} from "@hireforhumans/protocol";
import { deployLocal, mintLocalUsdc } from "../../../../scripts/chain/deploy-local.ts";
import { type DevAccount, devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type LocalChain, type LocalChainOptions, startLocalChain } from "../../../../scripts/chain/local-chain.ts";
import { usdcAbi } from "../../../../scripts/chain/usdc.ts";
import { ChainNode } from "../../src/chain/node.ts";
import type { Deployment } from "../../src/chain/reader.ts";

/** A real local chain with real USDC and our contracts, and the hands that tests need on it. */
export interface TestChain {
  chain: LocalChain;
  deployment: Deployment;
  /** Speaks to the chain with no loss. */
  node: ChainNode;
  /** The escrow as an account sees it, which sends transactions and waits for none. */
  escrowOf(account: DevAccount): Escrow;
  /** Gives the client USDC, lets the escrow pull it, and lets the relayer fund jobs with it. */
  fundClient(usdc: bigint): Promise<void>;
  /** Terms of a job that is open for an hour; equal only to those of the same `name`. */
  termsOf(name: string, overrides?: Partial<Terms>): Promise<Terms>;
  jobIdOf(terms: Terms): string;
  stop(): Promise<void>;
}

export const ONE_HOUR = 3_600n;

export async function startTestChain(options: LocalChainOptions = {}): Promise<TestChain> {
  const chain = await startLocalChain(options);
  const { escrow, reputation, usdc, deployBlock } = await deployLocal(chain.url);
  const node = new ChainNode(chain.url, chain.chainId);
  const deployment = { chainId: BigInt(chain.chainId), escrow, reputation, usdc, startBlock: BigInt(deployBlock) };

  const escrowOf = (account: DevAccount) => Escrow__factory.connect(escrow, new Wallet(account.privateKey, node));
  return {
    chain,
    deployment,
    node,
    escrowOf,
    async fundClient(amount) {
      await mintLocalUsdc(chain.url, usdc, devAccounts.client.address, amount);
      const token = new Contract(usdc, usdcAbi, new Wallet(devAccounts.client.privateKey, node));
      await token.getFunction("approve").send(escrow, amount);
      await escrowOf(devAccounts.client).setSpendingLimit(devAccounts.relayer.address, amount, amount, 2n ** 40n - 1n);
      await chain.mine();
    },
    async termsOf(name, overrides = {}) {
      return {
        client: devAccounts.client.address,
        worker: ZeroAddress,
        matcher: ZeroAddress,
        verifier: devAccounts.verifier.address,
        arbiter: ZeroAddress,
        reward: 1_000_000n,
        minReputation: 0n,
        backstopShareBps: 0n,
        deadline: BigInt(await chain.timeSeconds()) + ONE_HOUR,
        workWindow: 600n,
        verifyWindow: 600n,
        reviewWindow: 0n,
        domain: domainOf("general"),
        specHash: ZeroHash,
        salt: encodeBytes32String(name),
        ...overrides,
      };
    },
    jobIdOf: (terms) => jobIdOf(chain.chainId, escrow, terms),
    async stop() {
      node.destroy();
      await chain.stop();
    },
  };
}

/** Call data of `fund`, and the gas that it may use. */
export function fundCall(terms: Terms): { data: string; gasLimit: bigint } {
  return { data: escrowInterface.encodeFunctionData("fund", [terms]), gasLimit: 300_000n };
}

export const costOf = (terms: Terms): bigint => totalOf(terms.reward);
