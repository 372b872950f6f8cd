import { ZeroAddress } from "ethers";
import { type InsertObject, type Selectable, sql } from "kysely";
import { domainOf } from "@hireforhumans/protocol";
import type { Database } from "../../packages/gateway/src/context.ts";
import type { Schema } from "../../packages/gateway/src/database/schema.ts";
import { buildPacket } from "../../packages/gateway/src/handoff/packet.ts";
import { redactPacket } from "../../packages/gateway/src/handoff/redact.ts";
import { newId } from "../../packages/gateway/src/ids.ts";

type Profile = Pick<
  Selectable<Schema["profiles"]>,
  "domain" | "skills" | "languages" | "certifications" | "pools" | "reputation"
> & { country: string | null };
type Asked = Pick<
  InsertObject<Schema, "jobs">,
  "domain" | "skills" | "languages" | "certifications" | "countries_allow" | "min_reputation" | "pool_id"
> & { domain: string };

const SAMPLE = 2_000;
const BATCH = 1_000;
const description = "The customer wants a human to check a refund of 40 USD that the agent could not explain.";
const client = `0x${"c1".repeat(20)}`;

/** Open jobs whose first wave is due, each asking for what somebody has who is there. */
export async function insertJobs(
  { db, clientId }: { db: Database; clientId: string },
  count: number,
): Promise<string[]> {
  const { rows: profiles } = await sql<Profile>`
    select p.domain, p.skills, p.languages, p.certifications, p.pools, p.reputation, w.country
    from profiles p join workers w on w.id = p.worker_id
    where p.available order by random() limit ${SAMPLE}
  `.execute(db);
  const kinds = profiles.map(askedOf);
  const rows = Array.from({ length: Math.ceil(count / kinds.length) }, () => kinds)
    .flat()
    .slice(0, count)
    .map((asked) => jobRow(clientId, asked));
  for (let at = 0; at < count; at += BATCH) {
    await db
      .insertInto("jobs")
      .values(rows.slice(at, at + BATCH))
      .execute();
  }
  return rows.map(({ id }) => id);
}

/** Up to two skills of a profile, mostly its first language, now and then its certification, country, pool or reputation. */
function askedOf(
  { domain, skills, languages, certifications, pools, reputation, country }: Profile,
  index: number,
): Asked {
  return {
    domain,
    skills: skills.slice(0, index % 3),
    languages: index % 10 < 7 ? languages.slice(0, 1) : [],
    certifications: index % 11 === 0 ? certifications : [],
    countries_allow: index % 13 === 0 && country !== null ? [country] : [],
    min_reputation: index % 5 === 0 && BigInt(reputation) >= 6n * 10n ** 17n ? "600000000000000000" : "0",
    pool_id: (index % 7 === 0 ? pools[0] : undefined) ?? null,
  };
}

export function jobRow(clientId: string, asked: Asked): InsertObject<Schema, "jobs"> & { id: string } {
  const id = newId("job");
  const { packet } = buildPacket({
    jobId: id,
    request: { category: "support", description, context: { customer_name: "Maria Lopez" } },
    deadlineAt: new Date(Date.now() + 3_600_000),
  });
  const parties = { client, verifier: `0x${"c2".repeat(20)}`, arbiter: ZeroAddress, worker: ZeroAddress };
  return {
    id,
    client_id: clientId,
    chain_job_id: id,
    terms: JSON.stringify({ ...parties, domain: domainOf(asked.domain), work_window: 900 }),
    request: JSON.stringify({ description, requirements: [], fallback: "wait", metadata: {}, state: null }),
    packet: JSON.stringify(packet),
    preview: JSON.stringify(redactPacket(packet)),
    status: "open",
    chain_status: "open",
    deadline_seconds: 4_102_444_800n,
    reward: 15_000_000n,
    fee: 375_000n,
    category: "support",
    tier: "general",
    funded_at: new Date(),
    next_wave_at: new Date(),
    ...asked,
  };
}
