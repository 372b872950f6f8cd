import { type Engine, type Form, gatewayDeaths, oracleDeaths } from "./campaign.ts";

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

/** Points and troubles after which jobs go on within seconds, some of them, others with each seed: what takes a minute. */
export const shortForm: Form = {
  engines,
  deathsOf: ({ name }) => (name.includes("webhook") || name.includes("final") ? 0 : 1),
  playsOf: ({ title }) => (/of depth [123] takes back (Cancelled|Funded|Released)/.test(title) ? 1 : 0),
  most: { [gatewayDeaths]: 2, [oracleDeaths]: 1, reorgs: 1 },
};
