import { z } from "zod";

/** What an id may start with; 26 characters of Crockford's base 32 (a UUIDv7, so ids sort by time) follow. */
export const ID_PREFIXES = {
  job: "a job",
  clt: "a client",
  key: "an API key",
  wrk: "a worker",
  prf: "a worker's profile",
  pol: "a private pool of workers",
  off: "an offer",
  msg: "a message",
  evd: "submitted evidence",
  fil: "an uploaded file",
  evt: "an event",
  whk: "a webhook endpoint",
  dlv: "a webhook delivery",
  scr: "a refused job",
} as const;

export type IdPrefix = keyof typeof ID_PREFIXES;

function idSchema(prefix: IdPrefix) {
  return z
    .string()
    .regex(
      new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`),
      `is not the id of ${ID_PREFIXES[prefix]} (${prefix}_…)`,
    )
    .meta({ description: `The id of ${ID_PREFIXES[prefix]}.`, example: `${prefix}_01jd3v8q6ze5fr8wq1m4t7x2yk` });
}

export const jobIdSchema = idSchema("job");
export const clientIdSchema = idSchema("clt");
export const keyIdSchema = idSchema("key");
export const workerIdSchema = idSchema("wrk");
export const profileIdSchema = idSchema("prf");
export const poolIdSchema = idSchema("pol");
export const offerIdSchema = idSchema("off");
export const messageIdSchema = idSchema("msg");
export const evidenceIdSchema = idSchema("evd");
export const fileIdSchema = idSchema("fil");
export const eventIdSchema = idSchema("evt");
export const endpointIdSchema = idSchema("whk");
export const deliveryIdSchema = idSchema("dlv");
export const screeningIdSchema = idSchema("scr");
