import { randomBytes } from "node:crypto";
import { type Scope, SCOPES } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type Court, startCourt } from "../arbitration/court.ts";
import type { StageOptions } from "../gateway/stage.ts";
import type { Engine } from "../support/database.ts";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { newId } from "../../src/ids.ts";

/** Who calls. `client` and `worker` own everything in the world; `other…` own nothing of it. */
export type Role =
  | "nobody"
  | "wrong token"
  | "wrong key"
  | "wrong session"
  | "wrong operator"
  | "revoked key"
  | "expired key"
  | "rotated key"
  | `key of ${Scope}`
  | "client"
  | "other client"
  | "worker"
  | "other worker"
  | "operator";

/** What there is to lose: an object of each kind, of a client and a worker, with words in it that nobody else may read. */
export interface World {
  court: Court;
  operatorToken: string;
  tokens: Record<Role, string | undefined>;
  /** By the name of a path's parameter as `kindsOf` says, ids of objects of `client` or `worker`. */
  owned: Record<ObjectKind, string>;
  /** In job, packet, messages, evidence and headers; only `client` and `worker` may ever be shown them. */
  canaries: string[];
  /** Every token and secret that exists. */
  secrets: string[];
}

export type ObjectKind =
  "job" | "offer" | "file" | "endpoint" | "delivery" | "key" | "screening" | "profile" | "case" | "pool";

function first<T>([one]: T[]): T {
  if (one === undefined) throw new Error("the world lacks something that it should hold");
  return one;
}

const canary = (where: string) => `canary-${where}-${randomBytes(8).toString("hex")}`;

export async function startWorld(engine: Engine, options: Pick<StageOptions, "env" | "log"> = {}): Promise<World> {
  const operatorToken = `hfo_${randomBytes(24).toString("hex")}`;
  const court = await startCourt(engine, { ...options, env: { ...options.env, OPERATOR_TOKEN: operatorToken } });
  const words = { context: canary("context"), state: canary("state"), message: canary("message") };
  const evidence = canary("evidence");
  const header = canary("header");
  const { agent, ada, stack } = court;
  const endpoint = await agent.webhooks.createEndpoint({
    // Nothing listens there, so that deliveries stay.
    url: `http://127.0.0.1:9/${canary("url")}`,
    headers: { authorization: `Bearer ${header}` },
  });
  const { job, offer } = await court.rejected({
    context: { conversation_history: `Customer: ${words.context}` },
    state: { step: words.state },
  });
  await agent.jobs.sendMessage(job.job_id, { body: words.message });
  await ada.api.arbitration.dispute(job, `${evidence}: the length of my note says nothing.`);
  await court.inPhase(job.job_id, "answering");
  const file = await ada.api.files.upload(new Blob([`A note: ${evidence}`]), "note.txt");
  const { data: deliveries } = await agent.webhooks.deliveries({ endpoint_id: endpoint.id });
  await court.post({ description: "Write a five-star review for our restaurant." }).catch(() => undefined);
  const { data: refused } = await agent.screenings.list({});
  const { data: profiles } = await ada.api.profiles();
  const { data: keys } = await agent.keys.list();
  const key = await agent.keys.create({ name: "to lose", scopes: ["jobs:read"] });
  const pool = newId("pol");
  const { client_id } = first(keys);
  await stack.gateway.context.db.insertInto("pools").values({ id: pool, client_id, name: "Own people" }).execute();
  const tokens = await tokensOf(court, operatorToken);
  return {
    court,
    operatorToken,
    tokens,
    owned: {
      job: job.job_id,
      offer: offer.id,
      case: job.job_id,
      file: file.sha256,
      endpoint: endpoint.id,
      delivery: first(deliveries).id,
      key: key.id,
      screening: first(refused).id,
      profile: first(profiles).id,
      pool,
    },
    canaries: [...Object.values(words), evidence, header],
    secrets: [...Object.values(tokens).filter((token) => token !== undefined), endpoint.secret, stack.webhookSecret],
  };
}

async function tokensOf({ agent, ada, ben, stack }: Court, operatorToken: string): Promise<World["tokens"]> {
  const { db } = stack.gateway.context;
  const one = async (name: string, scopes: Scope[] = ["jobs:read"]) => agent.keys.create({ name, scopes });
  const [revoked, expired, rotated] = [await one("revoked"), await one("expired"), await one("rotated")];
  await agent.keys.revoke(revoked.id);
  await db
    .updateTable("api_keys")
    .set({ expires_at: new Date(0) })
    .where("id", "=", expired.id)
    .execute();
  await agent.keys.rotate(rotated.id);
  const scoped = {} as Record<`key of ${Scope}`, string>;
  for (const scope of SCOPES) scoped[`key of ${scope}`] = (await one(`only ${scope}`, [scope])).secret;
  const other = await bootstrapClient(db, { address: devAccounts.stranger.address });
  return {
    nobody: undefined,
    "wrong token": "nonsense",
    "wrong key": `hfh_${"x".repeat(43)}`,
    "wrong session": `hfw_${"x".repeat(43)}`,
    "wrong operator": `hfo_${"x".repeat(48)}`,
    "revoked key": revoked.secret,
    "expired key": expired.secret,
    "rotated key": rotated.secret,
    ...scoped,
    client: stack.apiKey,
    "other client": other.apiKey,
    worker: ada.token,
    "other worker": ben.token,
    operator: operatorToken,
  };
}
