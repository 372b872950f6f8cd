import { z } from "zod";
import { addressSchema } from "./schemas/scalars.ts";
import amoy from "./deployments/80002.json" with { type: "json" };
import polygon from "./deployments/137.json" with { type: "json" };

export const POLYGON = 137;
export const AMOY = 80_002;
export const LOCAL = 31_337;

/** Circle's USDC by chain, https://developers.circle.com/stablecoins/usdc-contract-addresses */
export const USDC_ADDRESSES: Readonly<Record<number, string>> = {
  [POLYGON]: "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
  [AMOY]: "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582",
};

/** Chainlink VRF v2.5's coordinator and gas lane (500 gwei) by chain, https://docs.chain.link/vrf/v2-5/supported-networks */
export const VRF_COORDINATORS: Readonly<Record<number, { coordinator: string; keyHash: string }>> = {
  [POLYGON]: {
    coordinator: "0xec0Ed46f36576541C75739E915ADbCb3DE24bD77",
    keyHash: "0x719ed7d7664abc3001c18aac8130a2265e1e70b7e036ae20f3ca8b92b3154d86",
  },
  [AMOY]: {
    coordinator: "0x343300b5d84D444B2ADc9116FEF1bED02BE49Cf2",
    keyHash: "0x816bedba8a50b294e5cbd47842baf240c2385f2eaf719edbd4f250a137a8c899",
  },
};

/** Where the contracts of one deployment are. */
export const deploymentSchema = z.strictObject({
  chainId: z.int().min(1),
  escrow: addressSchema,
  reputation: addressSchema,
  arbitrationPool: addressSchema,
  usdc: addressSchema,
  treasury: addressSchema,
  /** The block of the escrow's deployment; nothing of ours is before it. */
  deployBlock: z.int().min(0),
});
export type Deployment = z.infer<typeof deploymentSchema>;

const recorded: Readonly<Record<number, unknown>> = { [POLYGON]: polygon, [AMOY]: amoy };

/**
 * The recorded deployment on a chain (deployments/<chain id>.json, written by the deploy script), or undefined where
 * there is none. A local chain's is never recorded here: it is handed over by whoever deployed it.
 */
export function deploymentOf(chainId: number): Deployment | undefined {
  const deployment = recorded[chainId];
  return deployment === undefined || deployment === null ? undefined : deploymentSchema.parse(deployment);
}
