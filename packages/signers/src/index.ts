export { createAwsKmsSigner } from "./aws-kms.ts";
export { SignerRefused, SignerUnavailable } from "./errors.ts";
export { createGcpKmsSigner } from "./gcp-kms.ts";
export { keySourceDescription, openSigner, parseKeySource, type KeySigner, type KeySource } from "./source.ts";
