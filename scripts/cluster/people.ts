import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorkerClient, RefusedError, type WorkerClient } from "@hireforhumans/client";
import type { Offer } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { insist } from "../chaos/insist.ts";
import type { World } from "./world.ts";

/** Workers who take every offer and do the work at once. */
export interface People {
  addresses: string[];
  /** Refusals that nobody who does as told should get. */
  refusals: string[];
}

const lookEveryMs = 400;
const capacity = 50;
/** What happens when a try was done that got no answer, or when another was quicker. */
const expected = ["offer_taken", "offer_expired", "already_submitted", "offer_already_decided"];

export async function signUpPeople(world: World, count: number): Promise<People> {
  const stopping = new AbortController();
  world.endings.add(() => {
    stopping.abort();
  });
  const refusals: string[] = [];
  const addresses: string[] = [];
  for (let index = 0; index < count; index++) {
    const signer = new Wallet(Wallet.createRandom().privateKey);
    const api = createWorkerClient({ baseUrl: world.balancer.url, signer, trusted: world.deployment });
    const profile = { domain: "customer_support_escalation", skills: ["billing"], languages: ["english"] };
    await insist(() => api.signIn());
    await insist(() => api.update({ name: `Worker ${index}`, country: "DE", capacity }));
    await insist(() => api.createProfile(profile));
    await insist(() => api.setPresence("online"));
    addresses.push(signer.address);
    void workShift(api, stopping.signal, refusals);
  }
  return { addresses, refusals };
}

async function workShift(api: WorkerClient, signal: AbortSignal, refusals: string[]): Promise<void> {
  const done = new Set<string>();
  const doing = new Map<string, Promise<void>>();
  while (!signal.aborted) {
    // Accepted ones too: an acceptance may have been done though its answer was lost.
    for (const status of ["pending", "accepted"] as const) {
      const offers = await api.offers.list({ status, limit: 50 }).then(
        ({ data }) => data,
        () => [],
      );
      for (const offer of offers) {
        if (done.has(offer.id) || doing.has(offer.id)) continue;
        const job = doJob(api, offer)
          .then(() => void done.add(offer.id))
          .catch((error: unknown) => {
            // Without an answer, or with one of a gateway that went away: it is looked at again.
            if (!(error instanceof RefusedError) || error.status >= 500) return;
            done.add(offer.id);
            if (!expected.includes(error.code)) refusals.push(`${offer.job_id}: ${error.code} ${error.message}`);
          })
          .finally(() => doing.delete(offer.id));
        doing.set(offer.id, job);
      }
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function doJob(api: WorkerClient, offer: Offer): Promise<void> {
  if (offer.status === "pending") await api.offers.accept(offer);
  await api.evidence.submit(offer, {
    resolution: `Settled ${offer.job_id}.`,
    items: [{ kind: "text", text: wordsOf(offer.job_id) }],
  });
}

/** Sixty words that no other job's evidence has, so that none is taken for a copy of another. */
const wordsOf = (seed: string): string =>
  Array.from({ length: 60 }, (_, index) =>
    createHash("sha256").update(`${seed} ${index}`).digest("hex").slice(0, 7),
  ).join(" ");
