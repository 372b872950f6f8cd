import { AMOY, LOCAL, POLYGON } from "@hireforhumans/protocol";
import { DeploymentError } from "./deployment-error.ts";

export type NetworkName = "localhost" | "amoy" | "polygon";

export interface Target {
  /** Its name in hardhat.config.ts. */
  network: NetworkName;
  title: string;
  chainId: number;
  /** The coin that pays for gas. */
  coin: string;
  /** The `name()` of Circle's token, or undefined where we deploy its code ourselves. */
  usdcName?: string;
  /** The least tip per gas in wei that gets a transaction into a block. */
  minTipWei: bigint;
  /** Mistakes cost somebody money. */
  realMoney: boolean;
}

const gwei = 1_000_000_000n;

/**
 * What a token calls itself is a part of every permit and authorization that a client signs, and USDC's is not the same
 * everywhere. The two names here are checked against the token's own DOMAIN_SEPARATOR before anything is deployed.
 *
 * Polygon's validators take no transaction with a tip under 25 gwei; its documentation recommends 30.
 */
export const targets: Record<NetworkName, Target> = {
  localhost: {
    network: "localhost",
    title: "the local chain",
    chainId: LOCAL,
    coin: "ETH",
    minTipWei: 0n,
    realMoney: false,
  },
  amoy: {
    network: "amoy",
    title: "Amoy",
    chainId: AMOY,
    coin: "POL",
    usdcName: "USDC",
    minTipWei: 30n * gwei,
    realMoney: false,
  },
  polygon: {
    network: "polygon",
    title: "Polygon",
    chainId: POLYGON,
    coin: "POL",
    usdcName: "USD Coin",
    minTipWei: 30n * gwei,
    realMoney: true,
  },
};

export function targetOf(network: string | undefined): Target {
  const target = Object.values(targets).find((candidate) => candidate.network === network);
  if (target !== undefined) return target;
  throw new DeploymentError(`Name a network: ${Object.keys(targets).join(", ")}. Given: ${network ?? "none"}.`);
}
