import { ApiError } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Context } from "../context.ts";
import { type Caller, isWorker } from "../http/caller.ts";

export interface UploadLimits {
  /**
   * Lets an upload begin. Those at once are counted in this process, the bytes of a day in the database.
   * @returns a function that says that it is over
   * @throws ApiError rate_limited
   */
  begin(caller: Caller): Promise<() => void>;
}

export function createUploadLimits(ctx: Context): UploadLimits {
  const { uploadsAtOnce, uploadBytesPerDay } = ctx.config;
  const underWay = new Map<string, number>();

  function end(id: string): void {
    const left = (underWay.get(id) ?? 1) - 1;
    if (left === 0) underWay.delete(id);
    else underWay.set(id, left);
  }

  return {
    async begin(caller) {
      const id = isWorker(caller) ? caller.worker.id : caller.key.id;
      const count = underWay.get(id) ?? 0;
      if (count >= uploadsAtOnce) {
        throw new ApiError("rate_limited", `${count} uploads are under way already, which is the most at once.`, {
          retryAfterSeconds: 1,
        });
      }
      underWay.set(id, count + 1);
      try {
        const bytes = await bytesOfLastDay(ctx, caller);
        if (bytes < BigInt(uploadBytesPerDay)) return () => end(id);
      } catch (error) {
        end(id);
        throw error;
      }
      end(id);
      throw new ApiError("rate_limited", `You uploaded the ${uploadBytesPerDay} bytes that are taken in 24 hours.`, {
        retryAfterSeconds: 3_600,
      });
    },
  };
}

/** The same content again is stored once, but counts each time: so does the work with it. */
async function bytesOfLastDay({ db }: Context, caller: Caller): Promise<bigint> {
  const { bytes } = await db
    .selectFrom("file_uploads")
    .innerJoin("files", "files.sha256", "file_uploads.sha256")
    .select(sql<string>`coalesce(sum(size), 0)`.as("bytes"))
    .where(isWorker(caller) ? "worker_id" : "client_id", "=", isWorker(caller) ? caller.worker.id : caller.client.id)
    .where("file_uploads.created_at", ">", sql<Date>`now() - interval '1 day'`)
    .executeTakeFirstOrThrow();
  return BigInt(bytes);
}
