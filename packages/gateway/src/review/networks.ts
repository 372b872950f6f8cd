import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { sql } from "kysely";
import type { Context } from "../context.ts";
import { networkOf } from "../http/networks.ts";
import { keyedHash } from "./secret.ts";

/** Addresses that many share who have nothing in common: the machine itself, and the networks inside of others. */
const inner = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  inner.addSubnet(network, prefix, "ipv4");
}
inner.addAddress("::1", "ipv6");
inner.addSubnet("fc00::", 7, "ipv6");
inner.addSubnet("fe80::", 10, "ipv6");

/** The network by which accounts are linked. @returns undefined for what is no address, or one that links nobody */
export function linkingNetworkOf(ip: string): string | undefined {
  const network = networkOf(ip);
  const plain = isIPv4(network) ? network : ip;
  if (!isIP(plain)) return undefined;
  return inner.check(plain, isIPv6(plain) ? "ipv6" : "ipv4") ? undefined : network;
}

/** Remembers, as a keyed hash, from where an account came, so that it is not drawn to review others from there. */
export async function rememberNetwork(ctx: Context, address: string, ip: string | undefined): Promise<void> {
  const network = ip === undefined ? undefined : linkingNetworkOf(ip);
  if (network === undefined) return;
  await ctx.db
    .insertInto("networks_seen")
    .values({ address, network: keyedHash(ctx.config, "networks", network).toString("hex") })
    .onConflict((conflict) => conflict.columns(["address", "network"]).doUpdateSet({ seen_at: sql<Date>`now()` }))
    .execute();
}

/** How long a common network links accounts. */
const KEPT_FOR = sql`interval '90 days'`;

/** @returns how many were forgotten */
export async function sweepNetworks({ db }: Context): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("networks_seen")
    .where("seen_at", "<", sql<Date>`now() - ${KEPT_FOR}`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
