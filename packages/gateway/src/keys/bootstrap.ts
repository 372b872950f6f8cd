import { getAddress } from "ethers";
import { SCOPES, type Scope } from "@hireforhumans/protocol";
import { type Act, recordAct } from "../audit/record.ts";
import type { Database, Trx } from "../context.ts";
import { SESSION_PREFIX } from "../http/caller.ts";
import { newId } from "../ids.ts";
import { hashOfKey, newApiKey, newWebhookSecret, prefixOfKey } from "./secret.ts";

export interface BootstrapOptions {
  /** The client's wallet, which pays for the key's jobs and receives every refund. */
  address: string;
  /** Default: a new random one. */
  apiKey?: string;
  name?: string;
  /** Default: all. */
  scopes?: readonly Scope[];
  /** Base units, fee included. */
  capPerJob?: bigint;
  capTotal?: bigint;
}

export interface BootstrappedClient {
  clientId: string;
  keyId: string;
  apiKey: string;
  webhookSecret: string;
}

/**
 * Makes a client and its first key, for an operator's command. Doing it again with the same address and key gives the
 * same client and key; with another key that client gets one more.
 * @param act who does it; by default whoever holds the machine
 * @throws TypeError when the key is none, is taken by another client, or was revoked
 */
export async function bootstrapClient(
  db: Database,
  options: BootstrapOptions,
  act: Act = { caller: "gateway" },
): Promise<BootstrappedClient> {
  const apiKey = options.apiKey ?? newApiKey();
  if (!/^[\w-]{8,200}$/.test(apiKey) || apiKey.startsWith(SESSION_PREFIX)) {
    throw new TypeError(`An API key is 8 to 200 letters, digits, - or _, and doesn't start with ${SESSION_PREFIX}.`);
  }
  return db.transaction().execute(async (trx) => {
    const client = await clientOf(trx, getAddress(options.address));
    const { keyId, made } = await keyOf(trx, client.id, apiKey, options);
    if (made) {
      const details = { address: getAddress(options.address), key_id: keyId };
      await recordAct(trx, act, { action: "client.created", subject: client.id, clientId: client.id, details });
    }
    return { clientId: client.id, keyId, apiKey, webhookSecret: client.webhook_secret };
  });
}

async function clientOf(trx: Trx, address: string): Promise<{ id: string; webhook_secret: string }> {
  return trx
    .insertInto("clients")
    .values({ id: newId("clt"), address, webhook_secret: newWebhookSecret() })
    .onConflict((conflict) => conflict.column("address").doUpdateSet({ address }))
    .returning(["id", "webhook_secret"])
    .executeTakeFirstOrThrow();
}

async function keyOf(trx: Trx, clientId: string, apiKey: string, options: BootstrapOptions) {
  const secret_hash = hashOfKey(apiKey);
  const inserted = await trx
    .insertInto("api_keys")
    .values({
      id: newId("key"),
      client_id: clientId,
      name: options.name ?? "first key",
      secret_hash,
      secret_prefix: prefixOfKey(apiKey),
      scopes: [...(options.scopes ?? SCOPES)],
      cap_per_job: options.capPerJob ?? null,
      cap_total: options.capTotal ?? null,
    })
    .onConflict((conflict) => conflict.column("secret_hash").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted !== undefined) return { keyId: inserted.id, made: true };
  const known = await trx
    .selectFrom("api_keys")
    .select(["id", "client_id", "revoked_at"])
    .where("secret_hash", "=", secret_hash)
    .executeTakeFirstOrThrow();
  if (known.client_id !== clientId) throw new TypeError("This API key belongs to another client. Choose another.");
  if (known.revoked_at !== null) throw new TypeError("This API key was revoked. Choose another.");
  return { keyId: known.id, made: false };
}
