import type { KyselyPlugin } from "kysely";
import { ChainNode } from "../../src/chain/node.ts";
import type { TransactionSigner } from "../../src/chain/signer.ts";
import type { Database } from "../../src/context.ts";

/** What a process throws that is made to die; nothing that it calls afterwards has any effect. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Lets a process die at its nth step; steps are the moments before and after each query, each call of the node and each signature. */
export class CrashPlan {
  #at: number;
  #taken = 0;

  constructor(at: number) {
    this.#at = at;
  }

  get crashed(): boolean {
    return this.#taken >= this.#at;
  }

  crashNow(): void {
    this.#at = this.#taken;
  }

  step(): void {
    if (this.#taken < this.#at) this.#taken += 1;
    if (this.crashed) throw new Crash(`The process died at step ${this.#at}.`);
  }
}

/** The same database for a process that dies by plan; a transaction that it is in is rolled back, as the server does. */
export function crashingDatabase(db: Database, plan: CrashPlan): Database {
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      plan.step();
      return node;
    },
    transformResult({ result }) {
      return new Promise((resolve) => {
        plan.step();
        resolve(result);
      });
    },
  };
  return db.withPlugin(plugin);
}

export class CrashingNode extends ChainNode {
  readonly #plan: CrashPlan;

  constructor(url: string, chainId: number, plan: CrashPlan) {
    super(url, chainId);
    this.#plan = plan;
  }

  override async send(method: string, params: unknown[]): Promise<unknown> {
    this.#plan.step();
    const answer = await super.send(method, params);
    this.#plan.step();
    return answer;
  }
}

export function crashingSigner(signer: TransactionSigner, plan: CrashPlan): TransactionSigner {
  return {
    address: signer.address,
    async sign(transaction) {
      plan.step();
      const signed = await signer.sign(transaction);
      plan.step();
      return signed;
    },
  };
}
