import type { KMSClientConfig, KMSServiceException } from "@aws-sdk/client-kms";
import { DigestSigner, readPublicKey } from "./digest-signer.ts";
import { SignerRefused } from "./errors.ts";
import { type Failure, insist, TRY_TIMEOUT_MS } from "./insist.ts";
import { loadOptional } from "./optional.ts";

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, under Errors; the rest is not going to pass. */
const passing = [
  "DependencyTimeoutException",
  "KMSInternalException",
  "KeyUnavailableException",
  "ThrottlingException",
  "LimitExceededException",
];

/**
 * A key of AWS KMS of the spec ECC_SECG_P256K1 for SIGN_VERIFY. Credentials are found as AWS's SDK finds them.
 * @throws SignerRefused, SignerUnavailable
 */
export async function createAwsKmsSigner(keyArn: string, config: KMSClientConfig): Promise<DigestSigner> {
  const { GetPublicKeyCommand, KMSClient, SignCommand } = await loadOptional(
    "@aws-sdk/client-kms",
    () => import("@aws-sdk/client-kms"),
  );
  // It is asked again by us, with one patience for all key services.
  const client = new KMSClient({ maxAttempts: 1, requestHandler: { connectionTimeout: TRY_TIMEOUT_MS }, ...config });
  const { PublicKey } = await insist(
    `Asking AWS KMS for the public key of ${keyArn}`,
    (abortSignal) => client.send(new GetPublicKeyCommand({ KeyId: keyArn }), { abortSignal }),
    failureOf,
  );
  if (PublicKey === undefined) throw new SignerRefused(`AWS KMS gave no public key of ${keyArn}.`);
  return new DigestSigner({
    publicKey: readPublicKey(PublicKey),
    async sign(digest) {
      const { Signature } = await insist(
        `Signing by ${keyArn}`,
        (abortSignal) =>
          client.send(
            new SignCommand({
              KeyId: keyArn,
              Message: digest,
              MessageType: "DIGEST",
              SigningAlgorithm: "ECDSA_SHA_256",
            }),
            { abortSignal },
          ),
        failureOf,
      );
      if (Signature === undefined) throw new SignerRefused(`AWS KMS gave no signature by ${keyArn}.`);
      return Signature;
    },
  });
}

function failureOf(error: unknown): Failure {
  const { name, message, $metadata } = error as Partial<KMSServiceException>;
  const status = $metadata?.httpStatusCode;
  // Without a status nobody answered.
  const answered = status !== undefined;
  return {
    passing: !answered || status >= 500 || status === 429 || passing.includes(name ?? ""),
    message: `${name ?? "Error"}: ${message ?? "no reason given"}`,
  };
}
