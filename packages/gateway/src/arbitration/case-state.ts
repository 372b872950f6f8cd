import { phases } from "@hireforhumans/protocol";
import type { CasePhase, EventType, Side, VoteName } from "@hireforhumans/protocol";
import type { StoredChainEvent } from "../jobs/chain-state.ts";

export interface SeatState {
  juror: string;
  commitment: string | null;
  vote: VoteName | null;
  denounced: boolean;
}

export interface PanelState {
  round: number;
  seats: SeatState[];
  /** Seats in the order in which they committed: the pool wants all commitments in this order. */
  committed: number[];
  /** Null: not counted yet. */
  outcome: Side | "none" | null;
}

/** What the followed branch says of one case, as it is stored: amounts as digits of base units, chain times as seconds. */
export interface CaseState {
  phase: CasePhase;
  /** Null while it reveals: that lasts by the pool's rules from `revealingSince` on. */
  until: number | null;
  revealingSince: number | null;
  /** How often it was appealed. Both sides have bonded for rounds 0 to this one. */
  round: number;
  redraws: number;
  drawId: string | null;
  panels: PanelState[];
  disputant: Side;
  /** The side that wins unless more happens. */
  standing: Side;
  worker: string;
  statementHash: string;
  backstopUntil: number;
  firstBond: string;
  bonded: Record<Side, string>;
  evidence: { by: Side; hash: string }[];
  payments: Record<string, { rewarded: string; slashed: string }>;
  ruling: {
    winner: Side | "split";
    workerShareBps: number;
    fees: string;
    burned: string;
    transactionHash: string;
  } | null;
}

export interface CaseHappening {
  type: Extract<EventType, `case.${string}`>;
  /** Names the happening within its job. */
  once: string;
  data: Record<string, unknown>;
}

/** What a case's job decides about it. */
export interface CaseParties {
  client: string;
  /** The arbitration pool; the escrow shares names of events with it. */
  pool: string;
}

export interface CaseEvent extends StoredChainEvent {
  /** Of the contract that told it. */
  address: string;
}

interface Fold {
  state: CaseState | undefined;
  dispute: { statementHash: string; until: number };
  happenings: CaseHappening[];
}

const arg = (event: CaseEvent, name: string): string => {
  const value = event.args[name];
  if (value === undefined) throw new Error(`event ${event.name} of ${event.transactionHash} has no argument ${name}`);
  return value;
};
const number = (event: CaseEvent, name: string): number => Number(arg(event, name));
const sum = (one: string, other: string): string => (BigInt(one) + BigInt(other)).toString();

const voteNames: readonly (VoteName | undefined)[] = [undefined, "client", "worker", "unclear"];
const sideOfVote = (vote: string): Side | undefined => (vote === "1" ? "client" : vote === "2" ? "worker" : undefined);
const sideOf = (address: string, { client }: CaseParties): Side => (address === client ? "client" : "worker");

/** Where a panel that failed leaves a case, by the pool's number of the phase. */
const redrawnTo: Record<number, CasePhase> = {
  [phases.indexOf("Waiting")]: "waiting",
  [phases.indexOf("Undecided")]: "undecided",
  [phases.indexOf("Appealing")]: "appealing",
};

type Told = CaseHappening[];
/** Changes the state in place and says what there is to tell. */
type Step = (state: CaseState, event: CaseEvent, parties: CaseParties) => Told;

const steps: Record<string, Step> = {
  EvidenceAdded(state, event, parties) {
    const by = sideOf(arg(event, "by"), parties);
    const hash = arg(event, "evidenceHash");
    state.evidence.push({ by, hash });
    const once = `case.evidence_added:${state.evidence.length}`;
    return [{ type: "case.evidence_added", once, data: { by, evidence_hash: hash } }];
  },
  Answered(state, event, parties) {
    const by = sideOf(arg(event, "by"), parties);
    const round = number(event, "round");
    state.bonded[by] = sum(state.bonded[by], arg(event, "bond"));
    state.phase = "waiting";
    // The first round keeps its evidence window.
    if (round > 0) state.until = Number(event.timestampSeconds);
    state.round = round;
    return [{ type: "case.answered", once: `case.answered:${round}`, data: { by, round } }];
  },
  DrawRequested(state, event) {
    state.phase = "drawing";
    state.until = number(event, "until");
    state.drawId = arg(event, "drawId");
    return [];
  },
  Drawn(state, event) {
    const jurors = arg(event, "jurors").split(",");
    const seats = jurors.map((juror) => ({ juror, commitment: null, vote: null, denounced: false }));
    const panel = state.panels.push({ round: state.round, seats, committed: [], outcome: null }) - 1;
    state.phase = "committing";
    state.until = number(event, "until");
    return [{ type: "case.drawn", once: `case.drawn:${panel}`, data: { panel, jurors, until: state.until } }];
  },
  Committed(state, event) {
    const [panel, current, index, seat] = seatOf(state, event);
    seat.commitment = arg(event, "commitment");
    current.committed.push(index);
    if (current.seats.every(({ commitment, denounced }) => commitment !== null && !denounced)) {
      state.phase = "revealing";
      state.until = null;
      state.revealingSince = Number(event.timestampSeconds);
    }
    const data = { panel, seat: index, juror: seat.juror };
    return [{ type: "case.committed", once: `case.committed:${panel}:${index}`, data }];
  },
  Revealed(state, event) {
    const [panel, , index, seat] = seatOf(state, event);
    seat.vote = voteNames[number(event, "vote")] ?? null;
    const data = { panel, seat: index, juror: seat.juror, vote: seat.vote };
    return [{ type: "case.revealed", once: `case.revealed:${panel}:${index}`, data }];
  },
  Denounced(state, event) {
    const [panel, , index, seat] = seatOf(state, event);
    seat.denounced = true;
    const data = { panel, seat: index, juror: seat.juror };
    return [{ type: "case.denounced", once: `case.denounced:${panel}:${index}`, data }];
  },
  Tallied(state, event) {
    const panel = number(event, "panel");
    const outcome = sideOfVote(arg(event, "outcome")) ?? "none";
    panelAt(state, event).outcome = outcome;
    if (outcome !== "none") state.standing = outcome;
    state.phase = "appealing";
    state.until = number(event, "until");
    state.revealingSince = null;
    const data = { panel, outcome, until: state.until };
    return [{ type: "case.tallied", once: `case.tallied:${panel}`, data }];
  },
  Redrawn(state, event) {
    const phase = redrawnTo[number(event, "phase")];
    if (phase === undefined) throw new Error(`event Redrawn of ${event.transactionHash} names an unknown phase`);
    state.redraws = number(event, "redraws");
    state.phase = phase;
    // Nothing is left to wait for.
    state.until = Number(event.timestampSeconds) - 1;
    const once = `case.redrawn:${state.redraws}:${phase}`;
    return [{ type: "case.redrawn", once, data: { redraws: state.redraws, phase } }];
  },
  Appealed(state, event, parties) {
    const by = sideOf(arg(event, "by"), parties);
    const round = number(event, "round");
    state.bonded[by] = sum(state.bonded[by], arg(event, "bond"));
    state.phase = "answering";
    state.until = number(event, "until");
    return [{ type: "case.appealed", once: `case.appealed:${round}`, data: { by, round, until: state.until } }];
  },
  Rewarded(state, event) {
    const payment = paymentOf(state, arg(event, "juror"));
    payment.rewarded = sum(payment.rewarded, arg(event, "amount"));
    return [];
  },
  Slashed(state, event) {
    const payment = paymentOf(state, arg(event, "juror"));
    payment.slashed = sum(payment.slashed, arg(event, "amount"));
    return [];
  },
  Ruled(state, event) {
    const winner = sideOfVote(arg(event, "winner")) ?? "split";
    const workerShareBps = number(event, "workerShareBps");
    const [fees, burned] = [arg(event, "fees"), arg(event, "burned")];
    state.ruling = { winner, workerShareBps, fees, burned, transactionHash: event.transactionHash };
    state.phase = "ruled";
    state.until = null;
    const data = { winner, worker_share_bps: workerShareBps };
    return [{ type: "case.ruled", once: "case.ruled", data }];
  },
};

function opened(event: CaseEvent, parties: CaseParties, dispute: Fold["dispute"]): CaseState {
  const disputant = sideOf(arg(event, "disputant"), parties);
  const respondent: Side = disputant === "client" ? "worker" : "client";
  const bond = arg(event, "bond");
  return {
    phase: "answering",
    until: number(event, "until"),
    revealingSince: null,
    round: 0,
    redraws: 0,
    drawId: null,
    panels: [],
    disputant,
    standing: respondent,
    worker: arg(event, disputant === "worker" ? "disputant" : "respondent"),
    statementHash: dispute.statementHash,
    backstopUntil: dispute.until,
    firstBond: bond,
    bonded: { client: disputant === "client" ? bond : "0", worker: disputant === "worker" ? bond : "0" },
    evidence: [],
    payments: {},
    ruling: null,
  };
}

function panelAt(state: CaseState, event: CaseEvent): PanelState {
  const panel = state.panels[number(event, "panel")];
  if (panel === undefined) throw new Error(`event ${event.name} of ${event.transactionHash} is about an unknown panel`);
  return panel;
}

function seatOf(state: CaseState, event: CaseEvent): [number, PanelState, number, SeatState] {
  const panel = panelAt(state, event);
  const index = number(event, "seat");
  const seat = panel.seats[index];
  if (seat === undefined) throw new Error(`event ${event.name} of ${event.transactionHash} is about an unknown seat`);
  return [number(event, "panel"), panel, index, seat];
}

const paymentOf = (state: CaseState, address: string) => (state.payments[address] ??= { rewarded: "0", slashed: "0" });

/**
 * Folds the events of a job's case, oldest first, into where it stands; undefined while there is none. A pure function of
 * the followed branch, so that a reorg is answered by folding what is left.
 */
export function caseStateOf(
  events: readonly CaseEvent[],
  parties: CaseParties,
): { state: CaseState; happenings: CaseHappening[] } | undefined {
  const fold: Fold = { state: undefined, dispute: { statementHash: "", until: 0 }, happenings: [] };
  for (const event of events) {
    if (event.address !== parties.pool) {
      if (event.name !== "Disputed") continue;
      fold.dispute = { statementHash: arg(event, "statementHash"), until: number(event, "until") };
    } else if (event.name === "Opened") {
      fold.state = opened(event, parties, fold.dispute);
      const { disputant, until } = fold.state;
      fold.happenings.push({ type: "case.opened", once: "case.opened", data: { by: disputant, until } });
    } else if (fold.state !== undefined) {
      fold.happenings.push(...(steps[event.name]?.(fold.state, event, parties) ?? []));
    }
  }
  return fold.state === undefined ? undefined : { state: fold.state, happenings: fold.happenings };
}
