import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RefusedError } from "@hireforhumans/client";
import type { EvidenceItem, Offer } from "@hireforhumans/protocol";
import { insist } from "./insist.ts";
import { type Life, lives } from "./lives.ts";
import type { LifeName } from "./points.ts";
import type { World, WorldWorker } from "./world.ts";

const lookMs = 300;

/** The life of the job that an offer is about stands in its goal, where whoever plays wrote it. */
const lifeOf = ({ packet }: Offer): Life => {
  const name = /life: (\w+)/.exec(packet.goal ?? "")?.[1];
  if (name === undefined) throw new Error(`an offer says nothing of its life`);
  return lives[name as LifeName];
};

export interface Shifts {
  /** Refusals that no worker who does as told should get. */
  refusals: string[];
  stop(): Promise<void>;
}

/** Lets all workers of a world look for offers and do what the lives of the jobs say. */
export function beginShifts(world: World): Shifts {
  const stopping = new AbortController();
  const refusals: string[] = [];
  const shifts = world.workers.map((worker) => workShift(worker, stopping.signal, refusals));
  return {
    refusals,
    async stop() {
      stopping.abort();
      await Promise.all(shifts);
    },
  };
}

async function workShift(worker: WorldWorker, signal: AbortSignal, refusals: string[]): Promise<void> {
  const inHand = new Set<string>();
  const doing = new Set<Promise<void>>();
  while (!signal.aborted) {
    const offers = await worker.api.offers.list({ status: "pending" }).then(
      ({ data }) => data,
      () => [],
    );
    for (const offer of offers.filter(({ id }) => !inHand.has(id))) {
      inHand.add(offer.id);
      const done = doJob(worker, offer).catch((error: unknown) => {
        // The offer went to another, or its job has ended: nothing that a fault would have done.
        if (error instanceof RefusedError && ["offer_taken", "offer_expired"].includes(error.code)) return;
        if (!signal.aborted) refusals.push(`${offer.job_id}: ${String(error)}`);
      });
      doing.add(done);
      void done.finally(() => doing.delete(done));
    }
    await sleep(lookMs);
  }
  await Promise.all(doing);
}

async function doJob({ api }: WorldWorker, offer: Offer): Promise<void> {
  const { accepts, delivers, withFile } = lifeOf(offer);
  if (!accepts) return;
  await insist(() => api.offers.accept(offer));
  if (!delivers(offer.round)) return;
  const items: EvidenceItem[] = [{ kind: "text", text: wordsOf(offer.job_id) }];
  if (withFile) {
    const report = new Blob([`Report on ${offer.job_id}: ${wordsOf(`file of ${offer.job_id}`)}`], {
      type: "text/plain",
    });
    const { sha256, name, media_type, size_bytes } = await insist(() => api.files.upload(report, "report.txt"));
    items.push({ kind: "file", sha256, name, media_type, size_bytes });
  }
  await insist(() => api.evidence.submit(offer, { resolution: `Settled ${offer.job_id}.`, items }));
}

/** Sixty words that no other job's evidence has, so that none is taken for a copy of another. */
const wordsOf = (seed: string): string =>
  Array.from({ length: 60 }, (_, index) =>
    createHash("sha256").update(`${seed} ${index}`).digest("hex").slice(0, 7),
  ).join(" ");
