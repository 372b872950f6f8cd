import { type Signature, Wallet } from "ethers";

/** A key that this process holds. */
export class HeldKey extends Wallet {
  signDigest(digest: string): Promise<Signature> {
    return Promise.resolve(this.signingKey.sign(digest));
  }
}
