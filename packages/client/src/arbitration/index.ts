export * from "./accounts.ts";
export * from "./calls.ts";
export * from "./cases.ts";
export * from "./jurors.ts";
export * from "./pool-client.ts";
export * from "./reads.ts";
export * from "./votes.ts";
export * from "./words.ts";
