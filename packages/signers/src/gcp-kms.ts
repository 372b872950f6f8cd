import { DigestSigner, readPublicKey } from "./digest-signer.ts";
import { SignerRefused } from "./errors.ts";
import { type Failure, insist, TRY_TIMEOUT_MS } from "./insist.ts";
import { loadOptional } from "./optional.ts";

type Kms = typeof import("@google-cloud/kms");
export type GcpKmsOptions = ConstructorParameters<Kms["KeyManagementServiceClient"]>[0];

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const passing = new Map([
  [4, "DEADLINE_EXCEEDED"],
  [8, "RESOURCE_EXHAUSTED"],
  [10, "ABORTED"],
  [13, "INTERNAL"],
  [14, "UNAVAILABLE"],
]);

/**
 * A version of a key of Google Cloud KMS of the algorithm EC_SIGN_SECP256K1_SHA256. Credentials are found as Google's
 * libraries find them.
 * @throws SignerRefused, SignerUnavailable
 */
export async function createGcpKmsSigner(keyVersion: string, options: GcpKmsOptions = {}): Promise<DigestSigner> {
  const { KeyManagementServiceClient } = await loadOptional("@google-cloud/kms", () => import("@google-cloud/kms"));
  const client = new KeyManagementServiceClient(options);
  // It is asked again by us, with one patience for all key services.
  const once = (signal: AbortSignal) => ({ signal, timeout: TRY_TIMEOUT_MS, retry: { retryCodes: [] } });
  const [{ pem }] = await insist(
    `Asking Google Cloud KMS for the public key of ${keyVersion}`,
    (signal) => client.getPublicKey({ name: keyVersion }, once(signal)),
    failureOf,
  );
  if (typeof pem !== "string" || pem === "")
    throw new SignerRefused(`Google Cloud KMS gave no public key of ${keyVersion}.`);
  return new DigestSigner({
    publicKey: readPublicKey(pem),
    async sign(digest) {
      const [{ signature }] = await insist(
        `Signing by ${keyVersion}`,
        (signal) => client.asymmetricSign({ name: keyVersion, digest: { sha256: digest } }, once(signal)),
        failureOf,
      );
      if (signature === undefined || signature === null)
        throw new SignerRefused(`Google Cloud KMS gave no signature by ${keyVersion}.`);
      return typeof signature === "string" ? Buffer.from(signature, "base64") : signature;
    },
  });
}

function failureOf(error: unknown): Failure {
  const { code, message = "no reason given" } = error as { code?: unknown; message?: string };
  // Only an answer of the service has one of its numbers; anything else did not reach it.
  const answered = typeof code === "number" && code > 0 && code <= 16;
  return { passing: !answered || passing.has(code), message };
}
