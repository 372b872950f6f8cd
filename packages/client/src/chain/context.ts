import type { Provider, Signer } from "ethers";
import {
  type ArbitrationPool,
  ArbitrationPool__factory,
  type Deployment,
  type Escrow,
  Escrow__factory,
  type Reputation,
  Reputation__factory,
  type Usdc,
  Usdc__factory,
} from "@hireforhumans/protocol";

/** Who calls and through what: a signer sends and signs, a provider only reads. */
export type Runner = { signer: Signer; provider?: never } | { provider: Provider; signer?: never };

/** What every verb is handed. */
export interface ChainContext {
  deployment: Deployment;
  escrow: Escrow;
  reputation: Reputation;
  usdc: Usdc;
  pool: ArbitrationPool;
  runner: Runner;
}

export function chainContext(deployment: Deployment, runner: Runner): ChainContext {
  const connection = runner.signer ?? runner.provider;
  return {
    deployment,
    escrow: Escrow__factory.connect(deployment.escrow, connection),
    reputation: Reputation__factory.connect(deployment.reputation, connection),
    usdc: Usdc__factory.connect(deployment.usdc, connection),
    pool: ArbitrationPool__factory.connect(deployment.arbitrationPool, connection),
    runner,
  };
}

/** @throws Error when the client was made to read only */
export function signerOf({ runner }: ChainContext): Signer {
  if (runner.signer !== undefined) return runner.signer;
  throw new Error("This client only reads. Make it with a `signer` to send and sign.");
}

/** @throws Error when the signer has no way to reach a chain */
export function providerOf({ runner }: ChainContext): Provider {
  const provider = runner.provider ?? runner.signer.provider;
  if (provider !== null) return provider;
  throw new Error("The signer has no provider. Connect it to one, or give all values that would be read.");
}

type Verb = (context: ChainContext, ...rest: unknown[]) => unknown;
/** A verb without its context. */
export type Bound<F> = F extends (context: ChainContext, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

/** The same verbs with their context given. */
export function bindVerbs<Verbs extends object>(
  verbs: Verbs,
  context: ChainContext,
): { [Name in keyof Verbs]: Bound<Verbs[Name]> } {
  const bound = Object.entries(verbs).map(([name, verb]) => [name, (verb as Verb).bind(undefined, context)]);
  return Object.fromEntries(bound) as { [Name in keyof Verbs]: Bound<Verbs[Name]> };
}
