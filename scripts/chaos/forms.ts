import { type Engine, type Form, gatewayDeaths, oracleDeaths } from "./campaign.ts";

/** At each point: in rows, so that a process also dies there as soon as it is back. */
const deaths: Record<Engine, readonly number[]> = { postgres: [5, 5, 5, 5], embedded: [5] };

export const longForm: Form = {
  deathsOf: (_, engine) => deaths[engine],
  playsOf: ({ fault }) => (fault === "reorgs" ? 1 : 3),
};

/** Points and troubles after which jobs go on within seconds, some of them, others with each seed: what takes a minute. */
export const shortForm: Form = {
  deathsOf: ({ name }) => (name.includes("webhook") || name.includes("final") ? [] : [1]),
  playsOf: ({ title }) => (/of depth [123] takes back (Cancelled|Funded|Released)/.test(title) ? 1 : 0),
  most: { [gatewayDeaths]: 2, [oracleDeaths]: 1, reorgs: 1 },
};
