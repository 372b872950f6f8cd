import { createHmac, hkdfSync } from "node:crypto";
import type { Config } from "../config.ts";

/**
 * A value that only gateways of this configuration can compute: what is drawn by it can't be foreseen, and is the same in
 * each of them.
 * @returns 32 bytes
 */
export function keyedHash({ relayerPrivateKey }: Pick<Config, "relayerPrivateKey">, purpose: string, text: string) {
  const key = hkdfSync("sha256", relayerPrivateKey.reveal(), "", `hireforhumans ${purpose}`, 32);
  return createHmac("sha256", Buffer.from(key)).update(text).digest();
}

/** A number from 0 up to 1 out of a keyed hash. */
export const lotOf = (hash: Buffer): number => hash.readUIntBE(0, 6) / 2 ** 48;
