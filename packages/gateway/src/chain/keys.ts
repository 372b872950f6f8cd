import { type DigestKey, HeldKey, type KeySigner, type KeySource, openSigner } from "@hireforhumans/signers";
import { type Config, isLocalChain, type Secret } from "../config.ts";

/** One key has two roles that have to be apart. */
export class KeyRolesShared extends Error {
  override readonly name = "KeyRolesShared";

  constructor(address: string) {
    super(
      `${address} is both the relayer (RELAYER_PRIVATE_KEY or RELAYER_SIGNER) and the verifier (ORACLE_PRIVATE_KEY, ` +
        `VERIFIER_SIGNER or ORACLE_NODES). Whoever got hold of it could post work, accept it and pay it to themselves. ` +
        `Give each a key of its own.`,
    );
  }
}

/** @throws SignerRefused, SignerUnavailable */
export const openRelayer = (config: Config): Promise<DigestKey> => open(config.relayerPrivateKey, config.relayerSigner);

/** @returns undefined where oracles elsewhere sign. @throws SignerRefused, SignerUnavailable */
export async function openVerifier(config: Config): Promise<DigestKey | undefined> {
  return config.oracleNodes === undefined ? open(config.oraclePrivateKey, config.verifierSigner) : undefined;
}

/** @throws KeyRolesShared; on a local chain, whose keys everybody knows, one may do for both */
export function requireRolesApart(config: Config, relayer: KeySigner, verifier: KeySigner | undefined): void {
  if (isLocalChain(config.chainId)) return;
  const verifiers = [verifier?.address, ...(config.oracleNodes ?? []).map(({ address }) => address)];
  if (verifiers.includes(relayer.address)) throw new KeyRolesShared(relayer.address);
}

async function open(privateKey: Secret | undefined, source: KeySource | undefined): Promise<DigestKey> {
  if (privateKey !== undefined) return new HeldKey(privateKey.reveal());
  if (source !== undefined) return openSigner(source);
  throw new Error("readConfig lets no configuration pass without this key.");
}
