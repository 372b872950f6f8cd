import { createHash, randomBytes } from "node:crypto";
import { KEY_PREFIX } from "../http/caller.ts";

/** 256 random bits: too many to guess, so a plain SHA-256 keeps them. */
const SECRET_BYTES = 32;

export function newApiKey(): string {
  return KEY_PREFIX + randomBytes(SECRET_BYTES).toString("base64url");
}

/** A signing secret in the form of Standard Webhooks. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
}

/** What the database keeps of an API key. */
export function hashOfKey(apiKey: string): string {
  return createHash("sha256").update(apiKey).digest("hex");
}

/** The part of a key that is shown to tell keys apart: too little to help a guesser. */
export function prefixOfKey(apiKey: string): string {
  return apiKey.slice(0, KEY_PREFIX.length + 6);
}
