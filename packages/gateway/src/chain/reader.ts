import {
  Interface,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  getAddress,
  hashMessage,
  isHexString,
} from "ethers";
import {
  type ContractRefusal,
  Escrow__factory,
  Reputation__factory,
  Usdc__factory,
  explainRevert,
  usdcDomain,
} from "@hireforhumans/protocol";
import { createBlockMemory } from "./block-memory.ts";
import { type ChainNode, NodeError } from "./node.ts";
import { type PoolReader, createPoolReader } from "./pool-reader.ts";
import { signerOf } from "./recover.ts";

/** A block of the followed branch. */
export interface Head {
  number: bigint;
  hash: string;
  /** Unix seconds. */
  timestampSeconds: bigint;
}

/** Where the contracts are. */
export interface Deployment {
  chainId: bigint;
  escrow: string;
  reputation: string;
  usdc: string;
  /** Undefined: jobs of this gateway know no disputes. */
  arbitrationPool?: string | undefined;
  /** Nothing of ours happened before this block. */
  startBlock: bigint;
}

/** What a client could spend through an operator now; amounts in base units of USDC. */
export interface Funding {
  balance: bigint;
  /** What the client allowed the escrow to pull. */
  allowance: bigint;
  limit: { remaining: bigint; perJob: bigint; expiresAtSeconds: bigint };
  /** Before the chain was asked, by this machine's clock. */
  readAt: Date;
}

export interface RecordOnChain {
  /** WAD: 1e18 is 1.0. */
  score: bigint;
  successes: number;
  failures: number;
  /** The block that says so. */
  blockNumber: bigint;
}

/** Reads of the chain. Each call that asks the node throws `ChainUnavailable` when it does not answer. */
export interface ChainReader {
  deployment: Deployment;
  /** The followed branch's newest block, whose timestamp is the chain's now. @throws ChainUnavailable before the first. */
  head(): Head;
  /** Undefined where the deployment has none. */
  pool: PoolReader | undefined;
  /**
   * What the contract would say to a call from the relayer, on the node's newest block.
   * @returns undefined where it would go through
   */
  refusalOf(call: { from: string; to: string; data: string }): Promise<ContractRefusal | undefined>;
  /** Remembers what was read as of the followed head, by `key`, until there is another head. */
  oncePerBlock<T>(key: string, read: () => Promise<T>): Promise<T>;
  /** As of the followed head, so that the figures and the projected jobs tell of one moment; read once for a block. */
  fundingOf(client: string, operator: string): Promise<Funding>;
  /** The EIP-712 domain of USDC; its `name` differs from chain to chain, so the token is asked, once. */
  usdcDomain(): Promise<TypedDataDomain>;
  /** What the escrow recorded of a worker in a domain (its 32 bytes), as of the followed head. */
  reputationOf(worker: string, domain: string): Promise<RecordOnChain>;
  /** Whether `signer`, an EOA or an ERC-1271 account, signed this EIP-712 word. */
  verifyTypedData(
    signer: string,
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
    signature: string,
  ): Promise<boolean>;
  /** Whether `signer`, an EOA or an ERC-1271 account, signed this message (EIP-191). */
  verifyMessage(signer: string, message: string, signature: string): Promise<boolean>;
}

/** What an ERC-1271 account answers to a signature of its own. */
const ERC1271_VALID = "0x1626ba7e";
const erc1271 = new Interface(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);

/** @param head of the follower */
export function createChainReader(node: ChainNode, deployment: Deployment, head: () => Head): ChainReader {
  const escrow = Escrow__factory.connect(deployment.escrow, node);
  const usdc = Usdc__factory.connect(deployment.usdc, node);
  const memory = createBlockMemory();
  let usdcName: string | undefined;
  const reputation = Reputation__factory.connect(deployment.reputation, node);

  async function verify(signer: string, digest: string, signature: string): Promise<boolean> {
    if (!isHexString(signature)) return false;
    // One that is not the signature of a key may still be an account's own.
    if (signerOf(digest, signature) === getAddress(signer)) return true;
    const data = erc1271.encodeFunctionData("isValidSignature", [digest, signature]);
    try {
      const answer = await node.call({ to: signer, data });
      return answer.length === 66 && answer.startsWith(ERC1271_VALID);
    } catch (error) {
      // A contract that reverts says no.
      if (error instanceof NodeError) return false;
      throw error;
    }
  }

  return {
    deployment,
    head,
    pool: deployment.arbitrationPool === undefined ? undefined : createPoolReader(node, deployment.arbitrationPool),
    async refusalOf(call) {
      try {
        await node.call(call);
        return undefined;
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        const refusal = explainRevert(error.data ?? "0x");
        return refusal ?? { name: "Unknown", args: {}, code: "chain_rejected", message: error.message };
      }
    },
    oncePerBlock: (key, read) => memory(head().hash, key, read),
    async fundingOf(client, operator) {
      const { number, hash } = head();
      return await memory(hash, `funding ${client} ${operator}`, async () => {
        const readAt = new Date();
        const at = { blockTag: number };
        const [balance, allowance, limit] = await Promise.all([
          usdc.balanceOf(client, at),
          usdc.allowance(client, deployment.escrow, at),
          escrow.spendingLimit(client, operator, at),
        ]);
        const { remaining, perJob, expiresAt } = limit;
        return { balance, allowance, limit: { remaining, perJob, expiresAtSeconds: expiresAt }, readAt };
      });
    },
    async reputationOf(worker, domain) {
      const { number } = head();
      const at = { blockTag: Number(number) };
      const [score, record] = await Promise.all([
        reputation.scoreOf(deployment.escrow, worker, domain, at),
        reputation.recordOf(deployment.escrow, worker, domain, at),
      ]);
      const { successes, failures } = record;
      return { score, successes: Number(successes), failures: Number(failures), blockNumber: number };
    },
    async usdcDomain() {
      usdcName ??= await usdc.name();
      return usdcDomain(deployment.chainId, deployment.usdc, usdcName);
    },
    verifyTypedData: (signer, domain, types, value, signature) =>
      verify(signer, TypedDataEncoder.hash(domain, types, value), signature),
    verifyMessage: (signer, message, signature) => verify(signer, hashMessage(message), signature),
  };
}
