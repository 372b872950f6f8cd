export { createAwsKmsSigner } from "./aws-kms.ts";
export { SignerRefused, SignerUnavailable } from "./errors.ts";
export { createGcpKmsSigner } from "./gcp-kms.ts";
export { HeldKey } from "./held-key.ts";
export {
  keySourceDescription,
  openSigner,
  parseKeySource,
  type DigestKey,
  type KeySigner,
  type KeySource,
} from "./source.ts";
