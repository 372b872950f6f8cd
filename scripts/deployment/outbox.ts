import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { keccak256, type TransactionRequest, type Wallet } from "ethers";
import type { EIP1193Provider, RequestArguments } from "@nomicfoundation/ignition-core";

/** A transaction that was signed and may have been sent. */
interface Signed {
  nonce: number;
  hash: string;
  raw: string;
}

/** What Ignition gives to `eth_sendTransaction`; quantities in hex. */
interface Call {
  to?: string;
  nonce: string;
  data: string;
  value: string;
  gas: string;
  gasPrice: string;
}

/**
 * The provider for Ignition, with the deployer's signature: each transaction is on disk before it is sent. Ignition
 * writes a hash down after sending only, and a run that ends in between would not know of its own transaction.
 */
export function withOutbox(
  provider: EIP1193Provider,
  wallet: Wallet,
  chainId: number,
  journal: string,
): EIP1193Provider {
  return {
    async request(request: RequestArguments): Promise<unknown> {
      if (request.method !== "eth_sendTransaction") return provider.request(request);
      const [call] = request.params as [Call];
      const raw = await wallet.signTransaction(transactionOf(call, chainId));
      await store(journal, { nonce: Number(call.nonce), hash: keccak256(raw), raw });
      return provider.request({ method: "eth_sendRawTransaction", params: [raw] });
    },
  };
}

/**
 * Sends again what may or may not have been sent.
 * @param recorded hashes that Ignition knows and sees to itself
 * @returns the hashes that the chain knows now and Ignition does not
 */
export async function resend(provider: EIP1193Provider, journal: string, recorded: Set<string>): Promise<string[]> {
  const signed = await stored(journal);
  const settled = new Set(signed.filter(({ hash }) => recorded.has(hash)).map(({ nonce }) => nonce));
  const hashes: string[] = [];
  for (const { nonce, hash, raw } of signed) {
    if (!settled.has(nonce) && (await sendAgain(provider, hash, raw))) hashes.push(hash);
  }
  return hashes;
}

/** @returns false when its nonce went to another transaction, so that it can never count */
async function sendAgain(provider: EIP1193Provider, hash: string, raw: string): Promise<boolean> {
  const isKnown = async (): Promise<boolean> =>
    (await provider.request({ method: "eth_getTransactionByHash", params: [hash] })) !== null;
  if (await isKnown()) return true;
  try {
    await provider.request({ method: "eth_sendRawTransaction", params: [raw] });
    return true;
  } catch (error) {
    if (await isKnown()) return true;
    if (/nonce too low/i.test(String(error))) return false;
    throw error;
  }
}

function transactionOf(call: Call, chainId: number): TransactionRequest {
  return {
    type: 0,
    chainId,
    to: call.to ?? null,
    nonce: Number(call.nonce),
    data: call.data,
    value: BigInt(call.value),
    gasLimit: BigInt(call.gas),
    gasPrice: BigInt(call.gasPrice),
  };
}

function fileIn(journal: string): string {
  return join(journal, "outbox.jsonl");
}

async function store(journal: string, signed: Signed): Promise<void> {
  await mkdir(journal, { recursive: true });
  const file = await open(fileIn(journal), "a");
  try {
    await file.appendFile(`${JSON.stringify(signed)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function stored(journal: string): Promise<Signed[]> {
  try {
    const lines = (await readFile(fileIn(journal), "utf8")).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Signed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
