import { createPublicKey, type KeyObject } from "node:crypto";
import {
  AbstractSigner,
  type Provider,
  Signature,
  Transaction,
  type TransactionLike,
  type TransactionRequest,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  computeAddress,
  getBytes,
  hashMessage,
  recoverAddress,
  resolveAddress,
  resolveProperties,
  toBeHex,
} from "ethers";
import { SignerRefused } from "./errors.ts";

/** The order of secp256k1: https://www.secg.org/sec2-v2.pdf, 2.4.1 */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** A key that is elsewhere and signs 32 bytes at a time, as a DER encoded ECDSA signature (SEC 1, C.8). */
export interface RemoteKey {
  publicKey: KeyObject;
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/**
 * Signs by a key that is elsewhere. Such signatures differ each time, and may have a high s, which chains refuse
 * (EIP-2): it is mirrored. Which of two keys a signature speaks of is found by recovering both.
 */
export class DigestSigner extends AbstractSigner {
  readonly address: string;
  readonly #key: RemoteKey;

  /** @throws SignerRefused where the key is of another curve than the chain's */
  constructor(key: RemoteKey, provider: Provider | null = null) {
    super(provider);
    this.#key = key;
    this.address = addressOf(key.publicKey);
  }

  override getAddress(): Promise<string> {
    return Promise.resolve(this.address);
  }

  override connect(provider: Provider | null): DigestSigner {
    return new DigestSigner(this.#key, provider);
  }

  override async signTransaction(request: TransactionRequest): Promise<string> {
    const { from, ...fields } = await resolveProperties(request);
    const sender = from === undefined || from === null ? this.address : await resolveAddress(from);
    if (sender !== this.address)
      throw new SignerRefused(`The transaction is from ${sender}; this key is ${this.address}.`);
    const transaction = Transaction.from(fields as TransactionLike);
    transaction.signature = await this.signDigest(transaction.unsignedHash);
    return transaction.serialized;
  }

  override async signMessage(message: string | Uint8Array): Promise<string> {
    return (await this.signDigest(hashMessage(message))).serialized;
  }

  override async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    return (await this.signDigest(TypedDataEncoder.hash(domain, types, value))).serialized;
  }

  async signDigest(digest: string): Promise<Signature> {
    const { r, s } = readDer(await this.#key.sign(getBytes(digest)));
    const low = s > ORDER / 2n ? ORDER - s : s;
    for (const yParity of [0, 1] as const) {
      const signature = Signature.from({ r: toBeHex(r, 32), s: toBeHex(low, 32), yParity });
      if (recoverAddress(digest, signature) === this.address) return signature;
    }
    throw new SignerRefused(`The key service gave a signature that is not of ${this.address}.`);
  }
}

function addressOf(publicKey: KeyObject): string {
  const { crv, x, y } = publicKey.export({ format: "jwk" });
  if (crv !== "secp256k1" || x === undefined || y === undefined) {
    throw new SignerRefused(
      `The key is of ${crv ?? publicKey.asymmetricKeyType ?? "an unknown kind"}; expected one of secp256k1 ` +
        `(ECC_SECG_P256K1 at AWS, EC_SIGN_SECP256K1_SHA256 at Google).`,
    );
  }
  const hex = (part: string) => Buffer.from(part, "base64url").toString("hex").padStart(64, "0");
  return computeAddress(`0x04${hex(x)}${hex(y)}`);
}

/** @param der SubjectPublicKeyInfo @throws SignerRefused */
export function readPublicKey(key: Uint8Array | string): KeyObject {
  try {
    return typeof key === "string"
      ? createPublicKey(key)
      : createPublicKey({ key: Buffer.from(key), format: "der", type: "spki" });
  } catch (error) {
    throw new SignerRefused("The key service gave a public key that can't be read.", { cause: error });
  }
}

/** SEQUENCE { r INTEGER, s INTEGER } */
function readDer(der: Uint8Array): { r: bigint; s: bigint } {
  const unreadable = () => new SignerRefused("The key service gave a signature that is not DER.");
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw unreadable();
  const integerAt = (start: number): { value: bigint; end: number } => {
    const length = der[start + 1] ?? 0;
    const end = start + 2 + length;
    if (der[start] !== 0x02 || length === 0 || end > der.length) throw unreadable();
    return { value: BigInt(`0x${Buffer.from(der.subarray(start + 2, end)).toString("hex")}`), end };
  };
  const r = integerAt(2);
  const s = integerAt(r.end);
  if (s.end !== der.length) throw unreadable();
  return { r: r.value, s: s.value };
}
