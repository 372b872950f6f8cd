import { createHmac, hkdfSync } from "node:crypto";
import type { Config } from "../config.ts";

/**
 * A value that only gateways of this configuration can compute: what is drawn by it can't be foreseen, and is the same in
 * each of them.
 * @returns 32 bytes
 */
export function keyedHash(config: Pick<Config, "relayerPrivateKey" | "gatewaySecret">, purpose: string, text: string) {
  const secret = config.gatewaySecret ?? config.relayerPrivateKey;
  // readConfig lets no configuration pass that has neither.
  if (secret === undefined) throw new Error("Neither GATEWAY_SECRET nor RELAYER_PRIVATE_KEY is set.");
  const key = hkdfSync("sha256", secret.reveal(), "", `hireforhumans ${purpose}`, 32);
  return createHmac("sha256", Buffer.from(key)).update(text).digest();
}

/** A number from 0 up to 1 out of a keyed hash. */
export const lotOf = (hash: Buffer): number => hash.readUIntBE(0, 6) / 2 ** 48;
