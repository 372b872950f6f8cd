import fc from "fast-check";
import { getAddress, id, toBeHex } from "ethers";
import { phases } from "@hireforhumans/protocol";
import type { CaseEvent } from "../../src/arbitration/case-state.ts";

const addressOf = (digit: bigint): string => getAddress(toBeHex(digit, 20));
export const client = addressOf(1n);
export const worker = addressOf(2n);
export const pool = addressOf(3n);
export const escrow = addressOf(4n);

let events = 0;

/** An event of the pool, each in a block of its own. */
export function event(name: string, args: Record<string, string>, address = pool): CaseEvent {
  events += 1;
  return {
    name,
    args,
    address,
    transactionHash: id(`transaction ${events}`),
    timestampSeconds: BigInt(1_000 + events),
  };
}

const phaseNumber = (phase: (typeof phases)[number]): string => String(phases.indexOf(phase));

interface Court {
  phase:
    "none" | "answering" | "waiting" | "drawing" | "committing" | "revealing" | "appealing" | "undecided" | "ruled";
  round: number;
  panels: number;
  redraws: number;
  standing: "1" | "2";
  /** Of the present panel. */
  committed: number;
  revealed: number;
}

type Move = (court: Court) => CaseEvent[];

const partyOf = (side: "1" | "2"): string => (side === "1" ? client : worker);
const other = (side: "1" | "2"): "1" | "2" => (side === "1" ? "2" : "1");
const sizes = [3, 7, 15] as const;
const bondOf = (round: number): string => String(5 << round);

const until = "99000";

const answer: Move = (court) => {
  const round = court.panels === 0 ? 0 : court.round + 1;
  const told = event("Answered", { by: partyOf(court.standing), round: `${round}`, bond: bondOf(round) });
  Object.assign(court, { phase: "waiting", round });
  return [told];
};

const requestDraw: Move = (court) => {
  court.phase = "drawing";
  return [event("DrawRequested", { drawId: `${court.panels + court.redraws + 1}`, until })];
};

const draw: Move = (court) => {
  const seats = sizes[court.round as 0 | 1 | 2];
  const jurors = Array.from({ length: seats }, (_, seat) => addressOf(100n + BigInt(seat))).join(",");
  const told = event("Drawn", { panel: `${court.panels}`, jurors, until });
  Object.assign(court, { phase: "committing", panels: court.panels + 1, committed: 0, revealed: 0 });
  return [told];
};

const commit: Move = (court) => {
  const seat = court.committed++;
  if (court.committed === sizes[court.round as 0 | 1 | 2]) court.phase = "revealing";
  const juror = addressOf(100n + BigInt(seat));
  return [
    event("Committed", { panel: `${court.panels - 1}`, juror, seat: `${seat}`, commitment: id(`sealed ${seat}`) }),
  ];
};

const reveal: Move = (court) => {
  const seat = court.revealed++;
  return [event("Revealed", { panel: `${court.panels - 1}`, seat: `${seat}`, vote: `${1 + (seat % 3)}` })];
};

const fail = (court: Court): CaseEvent => {
  const again = court.redraws < 2;
  if (again) court.redraws += 1;
  court.phase = again ? "waiting" : "undecided";
  const phase = phaseNumber(again ? "Waiting" : "Undecided");
  return event("Redrawn", { redraws: `${court.redraws}`, phase });
};

const tally =
  (outcome: "0" | "1" | "2"): Move =>
  (court) => {
    const told = event("Tallied", { panel: `${court.panels - 1}`, outcome, until });
    if (outcome === "0") return [told, fail(court)];
    Object.assign(court, { phase: "appealing", standing: outcome });
    return [told];
  };

const appeal: Move = (court) => {
  const round = court.round + 1;
  court.phase = "answering";
  const by = partyOf(other(court.standing));
  return [event("Appealed", { by, round: `${round}`, bond: bondOf(round), until })];
};

const rule: Move = (court) => {
  court.phase = "ruled";
  const juror = addressOf(100n);
  return [
    event("Rewarded", { juror, amount: "2" }),
    event("Slashed", { juror, amount: "1" }),
    event("Ruled", { winner: court.standing, workerShareBps: "10000", fees: "2", burned: "0" }),
    // The escrow tells by an event of the same name.
    event("Ruled", { status: "7", workerShareBps: "10000" }, escrow),
  ];
};

function open(byWorker: boolean): Move {
  return (court) => {
    Object.assign(court, { phase: "answering", standing: byWorker ? "1" : "2" });
    const [disputant, respondent] = byWorker ? [worker, client] : [client, worker];
    return [
      event("Disputed", { by: disputant, statementHash: id("statement"), until }, escrow),
      event("Opened", { disputant, respondent, bond: "5", until }),
    ];
  };
}

/** What the pool lets happen next. */
function movesFrom(court: Court): Move[] {
  const evidence: Move = () => [event("EvidenceAdded", { by: client, evidenceHash: id("evidence") })];
  switch (court.phase) {
    case "none":
      return [open(true), open(false)];
    case "answering":
      return [answer, evidence, rule];
    case "waiting":
      return [requestDraw, evidence];
    case "drawing":
      return [draw, (state) => [fail(state)]];
    case "committing":
      return [commit, commit, tally("0")];
    case "revealing":
      return [
        ...(court.revealed < sizes[court.round as 0 | 1 | 2] ? [reveal, reveal] : []),
        tally("1"),
        tally("2"),
        tally("0"),
      ];
    case "appealing":
      return [...(court.round < 2 ? [appeal] : []), rule];
    case "undecided":
      return [rule];
    default:
      return [];
  }
}

/** Any life of a case that the pool allows, whole or begun. */
export function caseHistory(): fc.Arbitrary<CaseEvent[]> {
  return fc.array(fc.nat(), { maxLength: 60 }).map((choices) => {
    const court: Court = { phase: "none", round: 0, panels: 0, redraws: 0, standing: "1", committed: 0, revealed: 0 };
    return choices.flatMap((choice) => {
      const moves = movesFrom(court);
      return moves[choice % Math.max(1, moves.length)]?.(court) ?? [];
    });
  });
}
