export * from "./arbitration/index.ts";
export * from "./chain/index.ts";
export * from "./rest/index.ts";
