import { ApiError } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import { type TotalCap, requireWithinTotalCap, totalCapsOf } from "../keys/spend.ts";
import { refuseUsedId } from "./authorization.ts";
import { requireFunds, takenBy } from "./funds.ts";
import { type RequestsBefore, nameOf, repeatedJob, requestsBefore } from "./idempotency.ts";
import type { WantedJob } from "./write.ts";

/**
 * What clients and keys have left and which jobs there are already, while a group of jobs is written: each job takes its
 * part before the next is looked at. The clients' rows must be locked.
 */
export class Books {
  readonly #before: RequestsBefore;
  readonly #jobs: { id: string; chain_job_id: string; client_id: string }[];
  readonly #pools: { id: string; client_id: string }[];
  readonly #caps: Map<string, TotalCap[]>;
  readonly #taken: Map<string, bigint>;
  /** By client and by key, what this group's own jobs take so far; base units. */
  readonly #added = new Map<string, bigint>();

  private constructor(
    before: RequestsBefore,
    jobs: { id: string; chain_job_id: string; client_id: string }[],
    pools: { id: string; client_id: string }[],
    caps: Map<string, TotalCap[]>,
    taken: Map<string, bigint>,
  ) {
    this.#before = before;
    this.#jobs = jobs;
    this.#pools = pools;
    this.#caps = caps;
    this.#taken = taken;
  }

  static async open(trx: Trx, wanted: readonly WantedJob[]): Promise<Books> {
    const keys = wanted.map(({ caller }) => caller.key);
    return new Books(
      await requestsBefore(
        trx,
        wanted.flatMap(({ repeatable }) => repeatable ?? []),
      ),
      await jobsWith(trx, wanted),
      await poolsOf(trx, wanted),
      await totalCapsOf(trx, keys),
      await takenByAll(trx, wanted),
    );
  }

  /**
   * The job that was made of this request before, if any.
   * @throws ApiError idempotency_conflict
   */
  madeBefore({ caller, job, repeatable }: WantedJob): string | undefined {
    const repeated = repeatable && repeatedJob(repeatable, this.#before);
    if (repeated !== undefined) return repeated;
    // An authorization names its job, so a second post of it needs no Idempotency-Key.
    const same = this.#jobs.find(({ chain_job_id }) => chain_job_id === job.chainJobId);
    return same?.client_id === caller.client.id ? same.id : undefined;
  }

  /**
   * Enters a job that is not there yet.
   * @throws ApiError pool_unknown, amount_above_cap, insufficient_funds, insufficient_allowance, authorization_refused
   */
  enter(wanted: WantedJob): void {
    const { caller, body, job, repeatable, funds, requirement } = wanted;
    const clientId = caller.client.id;
    this.#requireOwnPool(clientId, body.pool_id);
    const caps = this.#caps.get(caller.key.id) ?? [];
    for (const cap of caps) requireWithinTotalCap({ ...cap, left: cap.left - this.#addedBy(cap.keyId) }, job.total);
    const taken = (this.#taken.get(readNameOf(wanted)) ?? 0n) + this.#addedBy(clientId);
    requireFunds(job, { read: funds, taken, requirement, byAuthorization: body.authorization !== undefined });
    if (body.authorization !== undefined && this.#jobs.some(({ id }) => id === job.id)) refuseUsedId(job.id);

    for (const owner of [clientId, ...caps.map(({ keyId }) => keyId)]) {
      this.#added.set(owner, this.#addedBy(owner) + job.total);
    }
    this.#jobs.push({ id: job.id, chain_job_id: job.chainJobId, client_id: clientId });
    if (repeatable !== undefined) {
      this.#before.set(nameOf(repeatable), { requestHash: repeatable.requestHash, jobId: job.id });
    }
  }

  #addedBy(owner: string): bigint {
    return this.#added.get(owner) ?? 0n;
  }

  #requireOwnPool(clientId: string, poolId: string | undefined): void {
    if (poolId === undefined) return;
    if (this.#pools.some((pool) => pool.id === poolId && pool.client_id === clientId)) return;
    throw new ApiError("pool_unknown", `You have no pool ${poolId}.`, { param: "pool_id" });
  }
}

async function jobsWith(trx: Trx, wanted: readonly WantedJob[]) {
  return trx
    .selectFrom("jobs")
    .select(["id", "chain_job_id", "client_id"])
    .where((where) =>
      where.or([
        where(
          "id",
          "in",
          wanted.map(({ job }) => job.id),
        ),
        where(
          "chain_job_id",
          "in",
          wanted.map(({ job }) => job.chainJobId),
        ),
      ]),
    )
    .execute();
}

async function poolsOf(trx: Trx, wanted: readonly WantedJob[]) {
  const ids = wanted.flatMap(({ body }) => body.pool_id ?? []);
  if (ids.length === 0) return [];
  return trx.selectFrom("pools").select(["id", "client_id"]).where("id", "in", ids).execute();
}

/** Two requests may know the client's funds as of two blocks. */
const readNameOf = ({ caller, funds }: WantedJob): string => `${caller.client.id} ${funds.readAt.getTime()}`;

async function takenByAll(trx: Trx, wanted: readonly WantedJob[]): Promise<Map<string, bigint>> {
  const taken = new Map<string, bigint>();
  for (const one of wanted) {
    const name = readNameOf(one);
    if (!taken.has(name)) taken.set(name, await takenBy(trx, one.caller.client.id, one.funds.readAt));
  }
  return taken;
}
