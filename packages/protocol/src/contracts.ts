import { ArbitrationPool__factory } from "./generated/factories/ArbitrationPool__factory.ts";
import { Escrow__factory } from "./generated/factories/Escrow__factory.ts";
import { IArbiter__factory } from "./generated/factories/IArbiter__factory.ts";
import { Reputation__factory } from "./generated/factories/Reputation__factory.ts";
import { Usdc__factory } from "./generated/factories/Usdc__factory.ts";
import { VerifierCommittee__factory } from "./generated/factories/VerifierCommittee__factory.ts";

export {
  ArbitrationPool__factory,
  Escrow__factory,
  IArbiter__factory,
  Reputation__factory,
  Usdc__factory,
  VerifierCommittee__factory,
};
export type { ArbitrationPool } from "./generated/ArbitrationPool.ts";
export type { Escrow, EscrowInterface, TermsStruct, VerdictStruct } from "./generated/Escrow.ts";
export type { IArbiter } from "./generated/IArbiter.ts";
export type { Reputation } from "./generated/Reputation.ts";
export type { Usdc } from "./generated/Usdc.ts";
export type { VerifierCommittee } from "./generated/VerifierCommittee.ts";

export const escrowInterface = Escrow__factory.createInterface();
export const reputationInterface = Reputation__factory.createInterface();
export const usdcInterface = Usdc__factory.createInterface();
export const arbiterInterface = IArbiter__factory.createInterface();
export const arbitrationPoolInterface = ArbitrationPool__factory.createInterface();
export const committeeInterface = VerifierCommittee__factory.createInterface();
