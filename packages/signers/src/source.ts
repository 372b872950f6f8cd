import { readFile } from "node:fs/promises";
import { type Signature, type Signer, Wallet } from "ethers";
import { createAwsKmsSigner } from "./aws-kms.ts";
import { SignerRefused } from "./errors.ts";
import { createGcpKmsSigner } from "./gcp-kms.ts";
import { HeldKey } from "./held-key.ts";

/** Where a key is. Holds no secret. */
export type KeySource =
  | { kind: "keystore"; path: string; passphrasePath: string }
  | { kind: "aws-kms"; keyArn: string; region: string }
  | { kind: "gcp-kms"; keyVersion: string };

/** A key that is open: its address is known. */
export type KeySigner = Signer & { readonly address: string };

/** A key that signs 32 bytes as they are too. */
export type DigestKey = KeySigner & {
  /** @param digest 0x hex */
  signDigest(digest: string): Promise<Signature>;
};

export const keySourceDescription =
  "keystore:/path/key.json?passphrase=/path/passphrase, aws-kms:arn:aws:kms:REGION:ACCOUNT:key/ID or " +
  "gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V";

const keystorePattern = /^keystore:(?<path>[^?]+)\?passphrase=(?<passphrasePath>.+)$/;
const awsPattern = /^aws-kms:(?<keyArn>arn:aws[\w-]*:kms:(?<region>[a-z0-9-]+):\d{12}:(?:key|alias)\/[\w/-]+)$/;
const gcpPattern =
  /^gcp-kms:(?<keyVersion>projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+\/cryptoKeyVersions\/\d+)$/;

/** @returns undefined where the text has none of the forms of `keySourceDescription` */
export function parseKeySource(text: string): KeySource | undefined {
  const keystore = keystorePattern.exec(text)?.groups;
  if (keystore !== undefined) {
    return { kind: "keystore", path: keystore["path"] ?? "", passphrasePath: keystore["passphrasePath"] ?? "" };
  }
  const aws = awsPattern.exec(text)?.groups;
  if (aws !== undefined) return { kind: "aws-kms", keyArn: aws["keyArn"] ?? "", region: aws["region"] ?? "" };
  const gcp = gcpPattern.exec(text)?.groups;
  return gcp && { kind: "gcp-kms", keyVersion: gcp["keyVersion"] ?? "" };
}

/**
 * Opens a key: reads its file, or asks the key service for its public half.
 * @throws SignerRefused, SignerUnavailable
 */
export async function openSigner(source: KeySource): Promise<DigestKey> {
  switch (source.kind) {
    case "keystore":
      return openKeystore(source.path, source.passphrasePath);
    case "aws-kms":
      return createAwsKmsSigner(source.keyArn, { region: source.region });
    case "gcp-kms":
      return createGcpKmsSigner(source.keyVersion);
  }
}

/** A JSON keystore of version 3, as geth, ethers and most wallets write it. */
async function openKeystore(path: string, passphrasePath: string): Promise<DigestKey> {
  const json = await readText(path, "keystore");
  // Editors end a file with a line feed; no passphrase does.
  const passphrase = (await readText(passphrasePath, "passphrase")).replace(/\r?\n$/, "");
  try {
    const wallet = await Wallet.fromEncryptedJson(json, passphrase);
    return new HeldKey(wallet.privateKey);
  } catch (error) {
    const wrong = error instanceof Error && error.message.includes("incorrect password");
    const reason = wrong ? `the passphrase in ${passphrasePath} is not its` : "it is not a JSON keystore of version 3";
    // What ethers throws may quote the file.
    throw new SignerRefused(`The keystore ${path} can't be opened: ${reason}.`);
  }
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new SignerRefused(`The ${what} file ${path} can't be read (${code}).`, { cause: error });
  }
}
