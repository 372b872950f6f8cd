import type { z } from "zod";
import type { VerificationRequest } from "./check.ts";
import { verifyRequestSchema, verifyResponseSchema } from "./messages.ts";
import type { Oracle } from "./oracle.ts";

/** The oracle elsewhere did not answer, or not as an oracle; asking again later helps. */
export class OracleUnavailable extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the oracle did not answer: ${detail}`, options);
    this.name = "OracleUnavailable";
  }
}

export interface RemoteOracleOptions {
  url: string;
  /** The secret that this gateway and the oracle share. */
  token: string;
  /** The oracle's account, by configuration: what it answers is signed by this one or refused by the escrow. */
  address: string;
  /** A link by which the oracle can read a file for some minutes. */
  linkTo: (sha256: string) => string;
  /** Default: 30,000. */
  timeoutMs?: number;
}

/** An oracle that runs elsewhere (see service.ts). */
export function createRemoteOracle(options: RemoteOracleOptions): Oracle {
  const endpoint = new URL("/v1/verify", options.url);
  return {
    address: options.address,
    async verify(request) {
      const answer = await post(endpoint, messageOf(request, options.linkTo), options);
      const { outcome, reasons, reasons_hash, signed } = answer;
      return {
        outcome,
        reasons,
        reasonsHash: reasons_hash,
        signed: signed && { signature: signed.signature, validUntilSeconds: BigInt(signed.valid_until) },
      };
    },
  };
}

function messageOf(
  request: VerificationRequest,
  linkTo: (sha256: string) => string,
): z.input<typeof verifyRequestSchema> {
  const files = request.bundle.items.filter((item) => item.kind === "file");
  return {
    packet: request.packet,
    bundle: request.bundle,
    evidence_hash: request.evidenceHash,
    chain_time: Number(request.chainTimeSeconds),
    confirmations: request.confirmations.map(({ tokenHash, statement, answer }) => ({
      token_hash: tokenHash,
      statement,
      answer,
    })),
    reviews: request.reviews === undefined ? null : reviewsMessage(request.reviews),
    seen_before: request.seenBefore,
    files: files.map(({ sha256 }) => ({ sha256, url: linkTo(sha256) })),
  };
}

function reviewsMessage({ wanted, answers }: NonNullable<VerificationRequest["reviews"]>) {
  return {
    wanted,
    answers: answers.map(({ answer, reason, goldenRight, goldenWrong }) => ({
      answer,
      reason,
      golden_right: goldenRight,
      golden_wrong: goldenWrong,
    })),
  };
}

async function post(
  endpoint: URL,
  message: z.input<typeof verifyRequestSchema>,
  { token, timeoutMs = 30_000 }: RemoteOracleOptions,
): Promise<z.output<typeof verifyResponseSchema>> {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(message),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) throw new OracleUnavailable(`status ${response.status} instead of 200`);
    return verifyResponseSchema.parse(await response.json());
  } catch (error) {
    if (error instanceof OracleUnavailable) throw error;
    throw new OracleUnavailable(error instanceof Error ? error.message : "unknown reason", { cause: error });
  }
}
