import type { Terms } from "@hireforhumans/protocol";
import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import {
  STATEMENT,
  bitmapOf,
  jobAt,
  signed,
  statusCode,
  statuses,
  untilOf,
  verdict,
  type Case,
  type Status,
} from "../support/jobs.ts";
import { DAY, HOUR, nextBlockAt } from "../support/network.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { TOTAL } from "../support/terms.ts";
import { signAuthorization } from "../support/tokenSignatures.ts";
import { loadWorld } from "../support/world.ts";

/** One way of an operation: from this status the call leads to that one. */
interface Move {
  operation: string;
  from: Status;
  to: Status;
  /** Needs nobody's word, only time. */
  byAnyone?: true;
  terms?: Partial<Terms>;
  /** The first second at which the call is taken. */
  opensAt?: (c: Case) => bigint | Promise<bigint>;
  call: (c: Case) => Promise<ContractTransactionResponse>;
}

type Call = Move["call"];

const reviewed = { reviewWindow: HOUR };

const release: Call = async (c) => c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED);
const releaseByVerifier: Call = async (c) => c.escrow.connect(c.verifier).release(c.terms, verdict, UNSIGNED);
const complete: Call = async (c) => {
  const submit = await signed(c, c.worker, "Submit");
  return await c.escrow.connect(c.verifier).complete(c.terms, c.worker.address, NEVER, submit, verdict, UNSIGNED);
};
const rule =
  (shareBps: bigint): Call =>
  async (c) =>
    c.arbiter.rule(c.escrow.target, c.terms, shareBps);
const disputeBy =
  (party: "client" | "worker"): Call =>
  async (c) =>
    c.escrow.connect(c[party]).dispute(c.terms, c[party].address, STATEMENT, NEVER, UNSIGNED, "0x");
const reopen: Call = async (c) => c.escrow.reopen(c.terms);
const refund: Call = async (c) => c.escrow.refund(c.terms);
const settle: Call = async (c) => c.escrow.settle(c.terms);

const afterUntil = async (c: Case) => (await untilOf(c)) + 1n;
const afterGrace = async (c: Case) => (await untilOf(c)) + DAY + 1n;

/** The life of a job: nothing else moves it. */
const life: Move[] = [
  { operation: "fund", from: "None", to: "Open", call: async (c) => c.escrow.connect(c.client).fund(c.terms) },
  {
    operation: "fundWithPermit",
    from: "None",
    to: "Open",
    // The allowance stands already.
    call: async (c) => c.escrow.connect(c.client).fundWithPermit(c.terms, TOTAL, NEVER, UNSIGNED),
  },
  {
    operation: "fundWithAuthorization",
    from: "None",
    to: "Open",
    call: async (c) => c.escrow.fundWithAuthorization(c.terms, 0n, NEVER, await signAuthorization(c)),
  },
  {
    operation: "cancel",
    from: "Open",
    to: "Refunded",
    call: async (c) => c.escrow.connect(c.client).cancel(c.terms, NEVER, UNSIGNED),
  },
  {
    operation: "accept",
    from: "Open",
    to: "Accepted",
    call: async (c) => c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED),
  },
  { operation: "reopen", from: "Accepted", to: "Open", byAnyone: true, opensAt: afterUntil, call: reopen },
  {
    operation: "submit",
    from: "Accepted",
    to: "Submitted",
    call: async (c) => c.escrow.connect(c.worker).submit(c.terms, verdict.evidenceHash, NEVER, UNSIGNED),
  },
  { operation: "release", from: "Submitted", to: "Paid", call: release },
  { operation: "release", from: "Submitted", to: "Approved", terms: reviewed, call: releaseByVerifier },
  { operation: "release", from: "Approved", to: "Paid", call: release },
  { operation: "complete", from: "Open", to: "Paid", call: complete },
  { operation: "complete", from: "Open", to: "Approved", terms: reviewed, call: complete },
  {
    operation: "reject",
    from: "Submitted",
    to: "Rejected",
    call: async (c) => c.escrow.connect(c.verifier).reject(c.terms, verdict, UNSIGNED),
  },
  { operation: "dispute", from: "Submitted", to: "Disputed", opensAt: afterUntil, call: disputeBy("worker") },
  { operation: "dispute", from: "Approved", to: "Disputed", call: disputeBy("client") },
  { operation: "dispute", from: "Rejected", to: "Disputed", call: disputeBy("worker") },
  { operation: "rule", from: "Disputed", to: "Paid", call: rule(10_000n) },
  { operation: "rule", from: "Disputed", to: "Refunded", call: rule(0n) },
  { operation: "rule", from: "Disputed", to: "Split", call: rule(5_000n) },
  {
    operation: "refund",
    from: "Open",
    to: "Refunded",
    byAnyone: true,
    opensAt: (c) => c.terms.deadline + 1n,
    call: refund,
  },
  { operation: "refund", from: "Rejected", to: "Refunded", byAnyone: true, opensAt: afterUntil, call: refund },
  { operation: "settle", from: "Submitted", to: "Paid", byAnyone: true, opensAt: afterGrace, call: settle },
  { operation: "settle", from: "Approved", to: "Paid", byAnyone: true, opensAt: afterUntil, call: settle },
  { operation: "settle", from: "Disputed", to: "Split", byAnyone: true, opensAt: afterUntil, call: settle },
];

/** These move no job but by the operations that they are given. */
const elsewhere = ["withdraw", "setSpendingLimit", "multicall", "tryMulticall"];

const ends: Status[] = ["Paid", "Refunded", "Split"];

/** The statuses that some sequence of these moves leads to. */
function reachedFrom(start: Status, moves: Move[]): Set<Status> {
  const reached = new Set<Status>();
  const walk = (status: Status): void => {
    for (const { to } of moves.filter(({ from }) => from === status)) {
      if (reached.has(to)) continue;
      reached.add(to);
      walk(to);
    }
  };
  walk(start);
  return reached;
}

describe("the life of a job", () => {
  describe("as it is told", () => {
    it("reaches every status", () => {
      expect([...reachedFrom("None", life)]).to.have.members(statuses.filter((status) => status !== "None"));
    });

    it("ends once: nothing leads out of an end, and something out of all else", () => {
      expect(statuses.filter((status) => reachedFrom(status, life).size === 0)).to.deep.equal(ends);
    });

    it("comes back to no status but by a reopening", () => {
      const onward = life.filter(({ operation }) => operation !== "reopen");
      expect(statuses.filter((status) => reachedFrom(status, onward).has(status))).to.deep.equal([]);
    });

    it("comes to an end from wherever money is held, if only somebody calls", () => {
      const unaided = life.filter(({ byAnyone }) => byAnyone);
      const stuck = statuses
        .filter((status) => status !== "None" && !ends.includes(status))
        .filter((status) => !ends.some((end) => reachedFrom(status, unaided).has(end)));
      expect(stuck).to.deep.equal([]);
    });
  });

  describe("as the escrow has it", () => {
    it("has no operation that is not told of", async () => {
      const { escrow } = await loadWorld();
      const changing: string[] = [];
      escrow.interface.forEachFunction(({ name, constant }) => {
        if (!constant) changing.push(name);
      });
      expect(new Set([...life.map(({ operation }) => operation), ...elsewhere])).to.deep.equal(new Set(changing));
    });

    for (const { operation, from, to, byAnyone, terms, opensAt, call } of life) {
      it(`${operation} leads from ${from} to ${to}`, async () => {
        const c = await jobAt(from, terms);
        if (opensAt) await nextBlockAt(await opensAt(c));
        await call(byAnyone ? { ...c, escrow: c.escrow.connect(c.stranger) } : c);
        expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(to));
      });
    }

    for (const operation of new Set(life.map(({ operation }) => operation))) {
      const ways = life.filter((move) => move.operation === operation);
      const allowed = [...new Set(ways.map(({ from }) => from))];
      for (const status of statuses.filter((status) => !allowed.includes(status))) {
        it(`${operation} leads nowhere from ${status}`, async () => {
          const c = await jobAt(status);
          for (const { call } of ways) {
            const refused = expect(call(c)).to.be;
            await (operation.startsWith("fund")
              ? refused.revertedWithCustomError(c.escrow, "AlreadyFunded").withArgs(c.jobId, statusCode(status))
              : refused
                  .revertedWithCustomError(c.escrow, "WrongStatus")
                  .withArgs(c.jobId, statusCode(status), bitmapOf(...allowed)));
          }
          expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(status));
        });
      }
    }
  });
});
