import { typeid } from "typeid-js";

/** The prefixes of public ids; what follows is a UUIDv7 in base 32, so ids sort by their time of making. */
export type IdPrefix =
  | "clt"
  | "key"
  | "wrk"
  | "prf"
  | "pol"
  | "job"
  | "evt"
  | "msg"
  | "off"
  | "evd"
  | "fil"
  | "whk"
  | "dlv"
  | "int"
  | "scr"
  | "rev"
  | "gld";

/** @example newId("job") // "job_01jd3v8q6ze5fr8wq1m4t7x2yk" */
export function newId<P extends IdPrefix>(prefix: P): `${P}_${string}` {
  return typeid(prefix).toString() as `${P}_${string}`;
}
