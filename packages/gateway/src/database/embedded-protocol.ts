/** What the main thread asks of the embedded database's thread. Requests are run one after the other, in order. */
export interface EmbeddedRequest {
  id: number;
  /** "script" runs several statements without parameters. */
  kind: "query" | "script" | "close";
  sql: string;
  parameters: readonly unknown[];
  /** What int8 becomes. */
  int8: "bigint" | "number";
}

export interface EmbeddedResult {
  rows: unknown[];
  affectedRows?: number;
  /** The command tag's word, such as "COMMIT"; of the last statement. */
  command?: string;
  fields: { name: string; dataTypeID: number }[];
}

/** An error's own properties: a thread's message would keep its text only. Named as node-postgres names them. */
export interface EmbeddedFailure {
  message: string;
  code?: string;
  constraint?: string;
  detail?: string;
  table?: string;
}

export type EmbeddedAnswer =
  | { kind: "ready" }
  | { kind: "unusable"; failure: EmbeddedFailure }
  | { kind: "result"; id: number; results: EmbeddedResult[] }
  | { kind: "failure"; id: number; failure: EmbeddedFailure }
  | { kind: "notification"; channel: string; payload: string };
