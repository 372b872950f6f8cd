import { getAddress, isAddress } from "ethers";
import { z } from "zod";
import { languageCodeOf } from "../languages.ts";

/** The same few addresses come again and again, and each look at a checksum is a hash. */
const checksummed = new Map<string, string>();
const MOST_CHECKSUMMED = 10_000;

function checksummedOf(text: string): string | undefined {
  const known = checksummed.get(text);
  if (known !== undefined || !text.startsWith("0x") || !isAddress(text)) return known;
  if (checksummed.size === MOST_CHECKSUMMED) checksummed.clear();
  const address = getAddress(text);
  checksummed.set(text, address);
  return address;
}

/** An account's address; gives the checksummed form. */
export const addressSchema = z
  .string()
  .refine(
    (text) => checksummedOf(text) !== undefined,
    "is not an address (0x and 40 hex digits; in mixed case, with the right checksum)",
  )
  .transform((text) => checksummedOf(text) ?? text)
  .meta({ description: "An account's address.", example: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" });

export const bytes32Schema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "is not 32 bytes (0x and 64 lowercase hex digits)")
  .meta({ description: "32 bytes in hex.", example: `0x${"5f".repeat(32)}` });

export const transactionHashSchema = bytes32Schema.meta({ description: "The hash of a transaction." });

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "is not a SHA-256 (64 lowercase hex digits)")
  .meta({ description: "The SHA-256 of the content, in lowercase hex.", example: "a3".repeat(32) });

/** At most 8 KB: room for an ERC-1271 account's or a committee's signature. */
export const signatureSchema = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2}){1,8192}$/, "is not a signature (0x and hex digits)")
  .meta({
    description: "An EIP-712 signature, by a key (65 bytes) or an ERC-1271 account.",
    example: `0x${"1b".repeat(65)}`,
  });

export const instantSchema = z.iso
  .datetime({ offset: true })
  .meta({ description: "An instant, RFC 3339.", example: "2026-01-31T09:30:00.000Z" });

export const unixSecondsSchema = z
  .int()
  .min(0)
  .max(2 ** 40 - 1)
  .meta({ description: "An instant of chain time in unix seconds.", example: 1_767_225_600 });

/** A reputation from 0 to 1. */
export const reputationSchema = z
  .number()
  .min(0)
  .max(1)
  .meta({ description: "A reputation from 0 to 1; every worker starts at 0.5 in every domain.", example: 0.5 });

/** A language by name or code; gives the ISO 639-1 code. */
export const languageSchema = z
  .string()
  .transform((text, context): string => {
    const code = languageCodeOf(text);
    if (code !== undefined) return code;
    context.addIssue({
      code: "custom",
      message: `${JSON.stringify(text.slice(0, 40))} is not a language we know. Send its English name or ISO 639-1 code.`,
      params: { code: "unknown_language" },
    });
    return z.NEVER;
  })
  .meta({ description: "A language by its English name or ISO 639-1 code.", example: "en" });

export const languageCodeSchema = z
  .string()
  .regex(/^[a-z]{2,3}$/)
  .meta({ description: "An ISO 639-1 language code.", example: "en" });

export const countrySchema = z
  .string()
  .regex(/^[A-Za-z]{2}$/, "is not an ISO 3166-1 alpha-2 country code")
  .transform((code) => code.toUpperCase())
  .meta({ description: "An ISO 3166-1 alpha-2 country code.", example: "DE" });

/** A skill, certification or tag, matched literally; gives it in lowercase with underscores for blanks. */
export const tagSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .transform((text) => text.toLowerCase().replace(/[\s-]+/g, "_"))
  .meta({ description: "A skill or another tag, matched literally.", example: "support_experience" });

/** A category or reputation domain. */
export const domainNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}_.:/ -]+$/u, "may hold letters, digits, blanks and _ . : / - only")
  .meta({ description: "The field of work, in which reputation is counted.", example: "customer_support_escalation" });

export const tierSchema = z.enum(["general", "technical", "compliance"]).meta({
  id: "Tier",
  description:
    "general: $5-10, anyone who fits. technical: $15-30, proven skill. compliance: $50-200, verified credentials.",
  example: "general",
});
export type Tier = z.infer<typeof tierSchema>;

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * Any JSON value. What came out of a JSON parser needs no second look at each of its leaves, which `z.json()` takes; it
 * is recursive besides, and OpenAPI generators follow it without end.
 */
export const jsonSchema = z
  .unknown()
  .refine((value) => value !== undefined, "is missing")
  .meta({ description: "Any JSON value." }) as z.ZodType<Json, Json>;

/** Any JSON value whose text is at most `limit` characters long. */
export function boundedJson(limit: number, description: string) {
  return jsonSchema
    .refine((value) => JSON.stringify(value).length <= limit, `is longer than ${limit} characters as JSON`)
    .meta({ description });
}

/** A web address over http or https. */
export const httpUrlSchema = z
  .url({ protocol: /^https?$/, error: "is not an http(s) URL" })
  .max(2048)
  .meta({ description: "An http or https URL.", example: "https://agent.example/hooks/humans" });
