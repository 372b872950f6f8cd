import { totalOf, usdcDomain, wordTypes } from "@hireforhumans/protocol";
import type { Case } from "./jobs.ts";
import { NEVER } from "./signatures.ts";

type Changes = Record<string, string | bigint>;

/** The client's EIP-3009 word that pays this job: to the escrow, reward and fee, the job's id for a nonce. */
export async function signAuthorization(c: Case, changes: Changes = {}): Promise<string> {
  return await signForToken(c, "ReceiveWithAuthorization", {
    from: c.terms.client,
    to: await c.escrow.getAddress(),
    value: totalOf(c.terms.reward),
    validAfter: 0n,
    validBefore: NEVER,
    nonce: c.jobId,
    ...changes,
  });
}

/** The client's EIP-2612 word that lets the escrow take `value` base units, at the client's present nonce. */
export async function signPermit(c: Case, value: bigint, changes: Changes = {}): Promise<string> {
  return await signForToken(c, "Permit", {
    owner: c.terms.client,
    spender: await c.escrow.getAddress(),
    value,
    nonce: await c.usdc.nonces(c.terms.client),
    deadline: NEVER,
    ...changes,
  });
}

async function signForToken(c: Case, word: "Permit" | "ReceiveWithAuthorization", fields: Changes): Promise<string> {
  const domain = usdcDomain(c.chainId, await c.usdc.getAddress(), "USD Coin");
  return await c.by.client.signTypedData(domain, { [word]: wordTypes[word] }, fields);
}
