export type { Check, Finding, Sources, TransactionState, VerificationRequest } from "./check.ts";
export { mediaTypeOf } from "./checks/document-type.ts";
export { fingerprintsOf } from "./fingerprints.ts";
export { createOracle, type Oracle, type OracleOptions, type Verification } from "./oracle.ts";
export { checks, outcomeOf, runChecks } from "./pipeline.ts";
export { createRemoteOracle, OracleUnavailable, type RemoteOracleOptions } from "./remote.ts";
export { fitsSchema, type SchemaResult } from "./schema-thread.ts";
export { createOracleService, type ServiceOptions } from "./service.ts";
export { createTransactionSource } from "./transactions.ts";
