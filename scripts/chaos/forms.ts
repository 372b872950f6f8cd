import type { Engine, Form } from "./campaign.ts";
import { points } from "./points.ts";

/** At each point, of both engines together. */
const deathsAtPoint = 25;
/** The rest is the embedded database's. */
const onPostgres = 17;

const engines: readonly Engine[] = ["postgres", "embedded"];

export const longForm: Form = {
  engines,
  deathsOf: (_, engine) => (engine === "postgres" ? onPostgres : deathsAtPoint - onPostgres),
  playsOf: ({ fault }) => (fault === "reorgs" ? 1 : 3),
};

/** Some points and troubles, others with each seed: what takes a minute. */
export const shortForm: Form = {
  engines,
  deathsOf: (_, engine, random) => (random.chance((engine === "postgres" ? 3 : 2) / points.length) ? 1 : 0),
  playsOf: ({ fault }, engine, random) => (random.chance(shortShares[fault] ?? 0) && engine === "postgres" ? 1 : 0),
};

const shortShares: Readonly<Record<string, number>> = { reorgs: 0.01, RPC: 0.2 };
