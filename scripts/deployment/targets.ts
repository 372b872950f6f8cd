export type NetworkName = "localhost" | "amoy" | "polygon";

export interface Target {
  /** Its name in hardhat.config.ts. */
  network: NetworkName;
  title: string;
  chainId: number;
  /** The coin that pays for gas. */
  coin: string;
  /** Circle's token, or undefined where we deploy its code ourselves. */
  usdc?: { address: string; name: string };
  /** The least tip per gas in wei that gets a transaction into a block. */
  minTipWei: bigint;
  /** Mistakes cost somebody money. */
  realMoney: boolean;
}

const gwei = 1_000_000_000n;

/**
 * USDC's addresses are those of Circle's list (https://developers.circle.com/stablecoins/usdc-contract-addresses). Its
 * `name()` is not the same everywhere, and it is a part of every permit and authorization that a client signs; the two
 * here are checked against the token's own DOMAIN_SEPARATOR before anything is deployed.
 *
 * Polygon's validators take no transaction with a tip under 25 gwei, its documentation recommends 30.
 */
export const targets: Record<NetworkName, Target> = {
  localhost: {
    network: "localhost",
    title: "the local chain",
    chainId: 31337,
    coin: "ETH",
    minTipWei: 0n,
    realMoney: false,
  },
  amoy: {
    network: "amoy",
    title: "Amoy",
    chainId: 80002,
    coin: "POL",
    usdc: { address: "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582", name: "USDC" },
    minTipWei: 30n * gwei,
    realMoney: false,
  },
  polygon: {
    network: "polygon",
    title: "Polygon",
    chainId: 137,
    coin: "POL",
    usdc: { address: "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", name: "USD Coin" },
    minTipWei: 30n * gwei,
    realMoney: true,
  },
};

export function isNetworkName(name: string | undefined): name is NetworkName {
  return name !== undefined && Object.hasOwn(targets, name);
}
