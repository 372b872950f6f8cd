import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getAddress, toBeHex } from "ethers";
import { caseStateOf } from "../../src/arbitration/case-state.ts";
import { phaseAt } from "../../src/arbitration/phase.ts";
import { caseHistory, client, event, pool, worker } from "./history.ts";

const fold = (events: Parameters<typeof caseStateOf>[0]) => caseStateOf(events, { client, pool });

describe("where a case stands by its events", () => {
  it("depends on what is left of the branch alone, however much of it was taken back before", () => {
    fc.assert(
      fc.property(caseHistory(), fc.nat(), (events, cut) => {
        const left = events.slice(0, cut % (events.length + 1));
        const folded = fold(left);
        expect(fold([...left])).toEqual(folded);
        const told = folded?.happenings ?? [];
        // What happened up to there is the beginning of what happens in all.
        expect(fold(events)?.happenings.slice(0, told.length) ?? []).toEqual(told);
      }),
    );
  });

  it("tells every happening by a name of its own", () => {
    fc.assert(
      fc.property(caseHistory(), (events) => {
        const names = fold(events)?.happenings.map(({ once }) => once) ?? [];
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  it("keeps the bonds that both sides have put up: as many as rounds are funded, and one for who waits for an answer", () => {
    fc.assert(
      fc.property(caseHistory(), (events) => {
        const state = fold(events)?.state;
        if (state === undefined) return;
        const [more, less] = [state.bonded.client, state.bonded.worker].map(BigInt).sort((a, b) => (a < b ? 1 : -1));
        const funded = 5n * ((2n << BigInt(state.round)) - 1n);
        if (state.phase === "answering") expect((more ?? 0n) > (less ?? 0n)).toBe(true);
        else if (state.phase !== "ruled") expect([more, less]).toEqual([funded, funded]);
      }),
    );
  });

  it("has a window in every phase that ends by time", () => {
    fc.assert(
      fc.property(caseHistory(), (events) => {
        const state = fold(events)?.state;
        if (state === undefined) return;
        const { until } = phaseAt(state, { revealWindow: 3_600n }, 0n);
        expect(until === null).toBe(state.phase === "ruled");
      }),
    );
  });

  it("is none before the pool has opened it, and none where only another contract speaks", () => {
    expect(fold([])).toBeUndefined();
    const foreign = {
      ...event("Opened", { disputant: worker, respondent: client, bond: "5", until: "9" }),
      address: client,
    };
    expect(fold([foreign])).toBeUndefined();
  });

  it("reveals once the commit window went by, though no event says so", () => {
    const state = { phase: "committing" as const, until: 100, revealingSince: null };
    expect(phaseAt(state, { revealWindow: 60n }, 100n)).toEqual({ phase: "committing", until: 100n });
    expect(phaseAt(state, { revealWindow: 60n }, 101n)).toEqual({ phase: "revealing", until: 160n });
  });

  it("names the event and the argument where a stored event lacks one", () => {
    const opened = event("Opened", { disputant: worker, respondent: client, bond: "5", until: "9" });
    expect(() => fold([opened, event("Answered", { by: client })])).toThrow(
      /event Answered of 0x.* has no argument round/,
    );
    const seat = { panel: "0", seat: "0", juror: getAddress(toBeHex(7n, 20)), commitment: "0x01" };
    expect(() => fold([opened, event("Committed", seat)])).toThrow(/Committed .* unknown panel/);
  });
});
