import { hexlify, randomBytes, ZeroAddress } from "ethers";
import { domainOf, hashOf, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { chainTime } from "./times.ts";

export interface NewTermsParameters {
  /** Signs the verdict. */
  verifier: string;
  /** In base units; the fee comes on top. */
  reward: bigint;
  /** The name of the field in which the worker's reputation moves. */
  domain: string;
  /** What is to be done and when it is good: a JSON document (a context packet, say); the terms hold its hash. */
  spec: unknown;
  /** What else differs from the defaults, as the contract takes it. */
  changes?: Partial<Terms>;
}

/**
 * Terms with the signer as client and defaults for what it need not decide: an hour to the deadline, 30 minutes of work,
 * 10 minutes for the verifier, paid at once on a pass, no arbiter, and a salt of its own. Any account may accept such a
 * job: name a `matcher` or a `worker` in `changes` to keep it from being taken hostage.
 * @example
 * const terms = await escrow.newTerms({ verifier, reward: parseUsdc("15"), domain: "billing", spec: packet });
 */
export async function newTerms(context: ChainContext, parameters: NewTermsParameters): Promise<Terms> {
  const { verifier, reward, domain, spec, changes = {} } = parameters;
  return {
    client: await signerOf(context).getAddress(),
    verifier,
    reward,
    domain: domainOf(domain),
    specHash: hashOf(spec),
    deadline: changes.deadline ?? (await chainTime(context)) + 3_600n,
    worker: ZeroAddress,
    matcher: ZeroAddress,
    arbiter: ZeroAddress,
    minReputation: 0n,
    backstopShareBps: 5_000n,
    workWindow: 1_800n,
    verifyWindow: 600n,
    reviewWindow: 0n,
    salt: hexlify(randomBytes(32)),
    ...changes,
  };
}
