import type { Kysely, Transaction } from "kysely";
import type { Logger } from "pino";
import type { Oracle, PublicNetwork } from "@hireforhumans/oracle";
import type { ChainReader } from "./chain/reader.ts";
import type { Outbox } from "./chain/outbox.ts";
import type { Config } from "./config.ts";
import type { Listen } from "./database/notifications.ts";
import type { OpenDatabase } from "./database/open.ts";
import type { Schema } from "./database/schema.ts";
import type { CandidateFeed } from "./matching/candidate-feed.ts";
import type { CandidateIndex } from "./matching/candidates.ts";
import type { FileStore } from "./evidence/files.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { Queue } from "./queue/queue.ts";
import type { RecordStore } from "./records/store.ts";

export type Database = Kysely<Schema>;
export type Trx = Transaction<Schema>;

/** What every part of the gateway is handed. Made once, in gateway.ts. */
export interface Context {
  config: Config;
  db: Database;
  /** How the database's connections stand; undefined: the embedded one. */
  connections?: OpenDatabase["connections"];
  /** Hears what the database tells at commit: channel `job_events`, say. */
  listen: Listen;
  log: Logger;
  metrics: Metrics;
  /** Reads of the chain, and the followed branch's head: the only clock to compare chain times with. */
  chain: ChainReader;
  /** Writes to the chain. */
  outbox: Outbox;
  /** Work that must happen soon, by id. */
  queue: Queue;
  /** Who could be offered what, as far as this process has heard. */
  candidates: CandidateIndex;
  /** What keeps `candidates` up to date. */
  feed: CandidateFeed;
  oracle: Oracle;
  files: FileStore;
  /** What the chain has only the hash of, kept beside the files. */
  records: RecordStore;
  /** HTTP to addresses that strangers name. */
  network: PublicNetwork;
}
