/** The thread of the embedded database: PGlite computes where it is called, and would stop the server's event loop. */
import { PGlite, type ParserOptions, type Results, types } from "@electric-sql/pglite";
import { openAsBlob } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { EmbeddedAnswer, EmbeddedFailure, EmbeddedRequest, EmbeddedResult } from "./embedded-protocol.ts";

export interface EmbeddedThreadData {
  /** Undefined: in memory. */
  folder: string | undefined;
  /** A file that holds a dumped data folder to start from. */
  template: string | undefined;
}

const parsersOf: Record<EmbeddedRequest["int8"], ParserOptions> = {
  bigint: { [types.INT8]: BigInt },
  number: { [types.INT8]: Number },
};

function answer(message: EmbeddedAnswer): void {
  parentPort?.postMessage(message);
}

function failureOf(error: unknown): EmbeddedFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, constraint, detail, table } = error as Partial<EmbeddedFailure>;
  return {
    message: error.message,
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(detail !== undefined && { detail }),
    ...(table !== undefined && { table }),
  };
}

function resultOf({ rows, affectedRows, command, fields }: Results): EmbeddedResult {
  return {
    rows,
    fields,
    ...(affectedRows !== undefined && { affectedRows }),
    ...(command !== undefined && { command }),
  };
}

async function run(database: PGlite, request: EmbeddedRequest): Promise<EmbeddedResult[]> {
  const options = { parsers: parsersOf[request.int8] };
  switch (request.kind) {
    case "query":
      return [resultOf(await database.query(request.sql, [...request.parameters], options))];
    case "script":
      return (await database.exec(request.sql, options)).map(resultOf);
    case "close":
      await database.close();
      return [];
  }
}

async function open({ folder, template }: EmbeddedThreadData): Promise<PGlite> {
  const database = await PGlite.create({
    ...(folder !== undefined && { dataDir: folder }),
    ...(template !== undefined && { loadDataDir: await openAsBlob(template) }),
  });
  await database.exec("set plan_cache_mode = force_custom_plan");
  database.onNotification((channel, payload) => answer({ kind: "notification", channel, payload }));
  return database;
}

async function serve(): Promise<void> {
  const database = await open(workerData as EmbeddedThreadData);
  let turn: Promise<unknown> = Promise.resolve();
  parentPort?.on("message", (request: EmbeddedRequest) => {
    turn = turn.then(() =>
      run(database, request).then(
        (results) => answer({ kind: "result", id: request.id, results }),
        (error: unknown) => answer({ kind: "failure", id: request.id, failure: failureOf(error) }),
      ),
    );
  });
  answer({ kind: "ready" });
}

serve().catch((error: unknown) => answer({ kind: "unusable", failure: failureOf(error) }));
