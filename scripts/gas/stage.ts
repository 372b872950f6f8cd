import {
  ONE_USDC,
  domainOf,
  encodeCommitteeSignature,
  escrowDomain,
  jobIdOf,
  saltOf,
  signWord,
  sortMembers,
  totalOf,
  usdcDomain,
  Escrow__factory,
  type Escrow,
  type Terms,
} from "@hireforhumans/protocol";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import {
  Contract,
  MaxUint256,
  TypedDataEncoder,
  Wallet,
  ZeroAddress,
  id,
  type ContractTransactionResponse,
  type Signer,
} from "ethers";
import { network } from "hardhat";
import { deployUsdc, mintUsdc, usdcAbi } from "../chain/usdc.ts";

const { ethers, networkHelpers } = await network.create();

/** Fixed, and later than any wall clock of ours, so that a run costs the same on every day. */
const START = 2_000_000_000n;
const DEADLINE = START + 30n * 86_400n;
const VALID_UNTIL = DEADLINE + 86_400n;

export const EVIDENCE = id("evidence");
export const REASONS = id("reasons");

/** What the sender of a transaction hands over instead of a signature when it speaks for itself. */
export const UNSIGNED = "0x";

/** Everybody who plays a part, and the contracts on real USDC code. */
export interface Stage {
  escrow: Escrow;
  usdc: Contract;
  chainId: bigint;
  client: HardhatEthersSigner;
  verifier: HardhatEthersSigner;
  relayer: HardhatEthersSigner;
  workers: HardhatEthersSigner[];
}

/** Deploys all; the client has money and has given its allowance, and every worker and the relayer hold some USDC. */
export async function setStage(): Promise<Stage> {
  const [issuer, treasury, client, verifier, relayer, ...workers] = await ethers.getSigners();
  if (!issuer || !treasury || !client || !verifier || !relayer) throw new Error("The network has too few accounts.");
  await networkHelpers.time.increaseTo(START);
  const usdc = await deployUsdc(issuer);
  const reputation = await ethers.deployContract("Reputation");
  const deployed = await ethers.deployContract("Escrow", [usdc.target, reputation.target, treasury.address]);
  const escrow = Escrow__factory.connect(await deployed.getAddress(), client);
  await mintUsdc(usdc, client.address, 1_000_000n * ONE_USDC);
  for (const holder of [...workers, relayer, treasury]) await mintUsdc(usdc, holder.address, ONE_USDC);
  await new Contract(await usdc.getAddress(), usdcAbi, client).getFunction("approve").send(escrow.target, MaxUint256);
  const { chainId } = await ethers.provider.getNetwork();
  return { escrow, usdc, chainId, client, verifier, relayer, workers };
}

/** Whose verdict a job takes. */
export interface Verifier {
  address: string;
  signTypedData: Signer["signTypedData"];
}

/** A committee of `size` members with keys, of whom no more sign than have to. */
export async function newCommittee(threshold: number, size: number): Promise<Verifier> {
  const wallets = Array.from({ length: size }, (_, index) => new Wallet(id(`member ${index + 1}`)));
  const members = sortMembers(wallets.map(({ address }) => address));
  const committee = await ethers.deployContract("VerifierCommittee", [threshold, members]);
  return {
    address: await committee.getAddress(),
    signTypedData: async (...typedData) => {
      const signatures = wallets.slice(0, threshold).map(async (wallet) => ({
        member: wallet.address,
        signature: await wallet.signTypedData(...typedData),
      }));
      const digest = TypedDataEncoder.hash(...typedData);
      return encodeCommitteeSignature({ digest, members, signatures: await Promise.all(signatures) });
    },
  };
}

/** A job of 100 USDC as a gateway would write it, and the words that its parties sign. */
export interface BenchJob {
  terms: Terms;
  worker: HardhatEthersSigner;
  verdict: { evidenceHash: string; reasonsHash: string; validUntil: bigint };
  /** Of every word, in unix seconds. */
  validUntil: bigint;
  signAccept: () => Promise<string>;
  signSubmit: () => Promise<string>;
  signVerdict: () => Promise<string>;
  signDispute: (statementHash: string) => Promise<string>;
  signAuthorization: () => Promise<string>;
}

let jobs = 0;

/**
 * @param matched Whether acceptances come through the relayer only, as a gateway's do.
 * @param parties Default: the stage's verifier, and an arbiter that nobody has, since most ways never ask it.
 */
export async function newJob(
  { escrow, usdc, chainId, client, relayer, ...stage }: Stage,
  worker: HardhatEthersSigner,
  matched: boolean,
  parties: { verifier?: Verifier; arbiter?: string } = {},
): Promise<BenchJob> {
  const { verifier = stage.verifier, arbiter = "0x5B38Da6a701c568545dCfcB03FcB875f56beddC4" } = parties;
  jobs += 1;
  const terms: Terms = {
    client: client.address,
    worker: ZeroAddress,
    matcher: matched ? relayer.address : ZeroAddress,
    verifier: verifier.address,
    arbiter,
    reward: 100n * ONE_USDC,
    minReputation: 0n,
    backstopShareBps: 5_000n,
    deadline: DEADLINE,
    workWindow: 3_600n,
    verifyWindow: 3_600n,
    reviewWindow: 0n,
    domain: domainOf("customer_support"),
    specHash: id(`context packet ${jobs}`),
    salt: saltOf(`job_${String(jobs).padStart(26, "0")}`),
  };
  const jobId = jobIdOf(chainId, await escrow.getAddress(), terms);
  const domain = escrowDomain(chainId, await escrow.getAddress());
  const verdict = { evidenceHash: EVIDENCE, reasonsHash: REASONS, validUntil: VALID_UNTIL };
  const [round, validUntil] = [0n, VALID_UNTIL];
  return {
    terms,
    worker,
    verdict,
    validUntil,
    signAccept: () => signWord(worker, domain, "Accept", { jobId, round, validUntil }),
    signSubmit: () => signWord(worker, domain, "Submit", { jobId, round, evidenceHash: EVIDENCE, validUntil }),
    signVerdict: () => signWord(verifier, domain, "Verdict", { jobId, worker: worker.address, pass: true, ...verdict }),
    signDispute: (statementHash) =>
      signWord(worker, domain, "Dispute", { jobId, by: worker.address, statementHash, validUntil }),
    signAuthorization: async () =>
      signWord(client, usdcDomain(chainId, await usdc.getAddress(), "USD Coin"), "ReceiveWithAuthorization", {
        from: client.address,
        to: await escrow.getAddress(),
        value: totalOf(terms.reward),
        validAfter: 0n,
        validBefore: VALID_UNTIL,
        nonce: jobId,
      }),
  };
}

/** Moves the chain's clock forward. */
export async function passTime(seconds: bigint): Promise<void> {
  await networkHelpers.time.increase(seconds);
}

/** @returns what takes the chain back to where it is now */
export async function rewind(): Promise<() => Promise<void>> {
  const snapshot = await networkHelpers.takeSnapshot();
  return async () => snapshot.restore();
}

/** Lets a job's deadline, and with it that of all jobs of this stage, pass. */
export async function passDeadlineOf({ terms }: BenchJob): Promise<void> {
  await networkHelpers.time.increaseTo(terms.deadline + 1n);
}

/** The gas that a transaction used, all that its sender pays for. */
export async function gasOf(transaction: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("A transaction was not mined; automine should be on.");
  return Number(receipt.gasUsed);
}
