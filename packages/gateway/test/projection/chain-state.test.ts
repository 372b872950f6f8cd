import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ZeroHash } from "ethers";
import { chainStateOf, type StoredChainEvent } from "../../src/jobs/chain-state.ts";
import { history, reviewWindowSeconds } from "./history.ts";

const fold = (events: readonly StoredChainEvent[]) => chainStateOf(events, reviewWindowSeconds);

describe("where a job stands by its events", () => {
  it("depends on what is left of the branch alone, however much of it was taken back before", () => {
    fc.assert(
      fc.property(history(), fc.nat(), (events, cut) => {
        const left = events.slice(0, cut % (events.length + 1));
        const state = fold(left);
        expect(fold([...left])).toEqual(state);
        // What happened up to there is the beginning of what happens in all.
        expect(fold(events).happenings.slice(0, state.happenings.length)).toEqual(state.happenings);
      }),
    );
  });

  it("tells every happening by a name of its own", () => {
    fc.assert(
      fc.property(history(), (events) => {
        const names = fold(events).happenings.map(({ once }) => once);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  it("has a window wherever the escrow has one, and a transaction for each end", () => {
    fc.assert(
      fc.property(history(), (events) => {
        const state = fold(events);
        const windowed = ["accepted", "submitted", "approved", "rejected", "disputed"];
        expect(state.untilSeconds !== null).toBe(windowed.includes(state.status ?? ""));
        expect(state.escrowTransactionHash !== null).toBe(state.status !== null);
        expect(state.refundTransactionHash !== null).toBe(state.status === "refunded");
        expect(state.releaseTransactionHash !== null).toBe(["paid", "split"].includes(state.status ?? ""));
        if (windowed.includes(state.status ?? "") || state.status === "paid") expect(state.worker).not.toBeNull();
        if (state.status === "open") expect(state.worker).toBeNull();
      }),
    );
  });

  it("names the event and the argument where a stored event lacks one", () => {
    const event = { name: "Accepted", transactionHash: ZeroHash, timestampSeconds: 1n, args: {} };
    expect(() => fold([event])).toThrow(`event Accepted of ${ZeroHash} has no argument`);
  });
});
