import { type Selectable, sql } from "kysely";
import { type Profile, type PublicWorker, type Worker, formatUsdc, reputationOf } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import type { Schema } from "../database/schema.ts";

type ProfileRow = Selectable<Schema["profiles"]>;

export function presentProfile(row: ProfileRow): Profile {
  return {
    id: row.id,
    worker_id: row.worker_id,
    domain: row.domain,
    skills: row.skills,
    languages: row.languages,
    certifications: row.certifications,
    pools: row.pools,
    hourly_rate: row.hourly_rate === null ? null : formatUsdc(row.hourly_rate),
    reputation: reputationOf(BigInt(row.reputation)),
    active: row.active,
    created_at: row.created_at.toISOString(),
  };
}

async function workerRows(db: Database, workerId: string) {
  const worker = await db.selectFrom("workers").selectAll().where("id", "=", workerId).executeTakeFirst();
  const profiles = await db
    .selectFrom("profiles")
    .selectAll()
    .where("worker_id", "=", workerId)
    .where("deleted_at", "is", null)
    .orderBy("id")
    .execute();
  return { worker, profiles };
}

function publicWorker(worker: Selectable<Schema["workers"]>, profiles: readonly ProfileRow[]): PublicWorker {
  return {
    id: worker.id,
    address: worker.address,
    name: worker.name,
    country: worker.country,
    presence: worker.presence,
    profiles: profiles.map(presentProfile),
    created_at: worker.created_at.toISOString(),
  };
}

/** @returns undefined where there is no such worker. Pools are their clients' business and not told to others. */
export async function findPublicWorker(db: Database, workerId: string): Promise<PublicWorker | undefined> {
  const { worker, profiles } = await workerRows(db, workerId);
  if (worker === undefined) return undefined;
  const open = profiles.filter((profile) => profile.active).map((profile) => ({ ...profile, pools: [] }));
  return publicWorker(worker, open);
}

/** The worker as it sees itself. */
export async function presentWorker({ db, chain }: Pick<Context, "db" | "chain">, workerId: string): Promise<Worker> {
  const { worker, profiles } = await workerRows(db, workerId);
  if (worker === undefined) throw new Error(`The signed-in worker ${workerId} is not in the database.`);
  return {
    ...publicWorker(worker, profiles),
    capacity: worker.capacity,
    load: worker.load,
    credit: formatUsdc(await creditOf(db, chain.deployment.escrow, worker.address)),
  };
}

/** What the escrow holds for an account, in base units, by the followed branch. */
async function creditOf(db: Database, escrow: string, address: string): Promise<bigint> {
  const { rows } = await sql<{ credit: string }>`
    select coalesce(sum((args ->> 'amount')::numeric * case name when 'Credited' then 1 else -1 end), 0)::text as credit
    from chain_events
    where name in ('Credited', 'Withdrawn') and args ->> 'owner' = ${address} and address = ${escrow}
  `.execute(db);
  return BigInt(rows[0]?.credit ?? "0");
}
