import { ONE_USDC, escrowDomain } from "@hireforhumans/protocol";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { MaxUint256, type TypedDataDomain } from "ethers";
import type {} from "../../types/ethers-contracts/hardhat.js";
import type { Escrow, Reputation, TestArbiter } from "../../types/ethers-contracts/index.js";
import { deployUsdc } from "../../scripts/chain/usdc.ts";
import { ethers, loadFixture } from "./network.ts";
import type { Party } from "./signatures.ts";
import { usdcAt, type Usdc } from "./usdc.ts";

const roles = [
  "issuer",
  "treasury",
  "client",
  "operator",
  "worker",
  "otherWorker",
  "verifier",
  "matcher",
  "relayer",
  "stranger",
] as const;

type Parties = Record<(typeof roles)[number], HardhatEthersSigner>;

/** An escrow and what hangs on it. */
interface Deployment {
  /** Speaks as the relayer. */
  escrow: Escrow;
  /** The escrow's EIP-712 domain. */
  domain: TypedDataDomain;
}

/** The contracts and everybody who plays a part. */
export interface World extends Parties, Deployment {
  /** Speaks as the issuer, who has every role of the token. */
  usdc: Usdc;
  reputation: Reputation;
  arbiter: TestArbiter;
  chainId: bigint;
}

export const CLIENT_BALANCE = 10_000n * ONE_USDC;

/** Goes back to the chain on which all is deployed, the client has money and an allowance stands, but no job does. */
export async function loadWorld(): Promise<World> {
  return await loadFixture(deployWorld);
}

export async function deployWorld(): Promise<World> {
  const signers = await ethers.getSigners();
  const parties = Object.fromEntries(roles.map((role, index) => [role, signers[index]])) as Parties;
  const { chainId } = await ethers.provider.getNetwork();
  const usdc = usdcAt(await (await deployUsdc(parties.issuer)).getAddress(), parties.issuer);
  const reputation = await ethers.deployContract("Reputation");
  const arbiter = await ethers.deployContract("TestArbiter");
  await usdc.mint(parties.client.address, CLIENT_BALANCE);
  const base = { ...parties, chainId, usdc, reputation, arbiter };
  return { ...base, ...(await deployEscrow(base, await reputation.getAddress())) };
}

/** One more escrow over the same USDC, with the client's allowance. */
export async function deployEscrow(world: Omit<World, keyof Deployment>, reputation: string): Promise<Deployment> {
  const { client, treasury, relayer, chainId } = world;
  const usdc = await world.usdc.getAddress();
  const escrow = await ethers.deployContract("Escrow", [usdc, reputation, treasury.address], relayer);
  const address = await escrow.getAddress();
  await usdcAt(usdc, client).approve(address, MaxUint256);
  return { escrow, domain: escrowDomain(chainId, address) };
}

/** An ERC-1271 account with as much USDC as the client, for which `owner` signs. */
export async function deployAccount(world: World, owner: Party): Promise<Party> {
  const account = await (await ethers.deployContract("TestERC1271Account", [owner.address])).getAddress();
  await world.usdc.mint(account, CLIENT_BALANCE);
  return { address: account, signTypedData: async (...typedData) => await owner.signTypedData(...typedData) };
}
