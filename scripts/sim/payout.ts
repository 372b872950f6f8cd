import { Vote } from "@hireforhumans/protocol";

/** The jurors of one vote and what they did, by seat. */
export interface Panel {
  /** In the pool. */
  positions: number[];
  votes: Vote[];
  denounced: boolean[];
}

/** What a case has come to when it is ruled. */
export interface Ruling {
  /** Of the first round, base units. */
  bond: bigint;
  /** Both sides have bonded for rounds 0 to this one. */
  round: number;
  panels: readonly Panel[];
  /** The side that stands to win. */
  standing: Vote;
  /** The round that one side has bonded for and the other has not answered, if any. */
  unanswered: number | undefined;
  /** Whether the last panel was still voting when the escrow split the reward. */
  voting: boolean;
  winner: Vote;
}

/** All in base units. */
export interface SeatPayout {
  position: number;
  /** What was locked until now. */
  risk: bigint;
  slash: bigint;
  reward: bigint;
}

/** All amounts in base units. */
export interface Payout {
  /** By panel and seat. */
  seats: SeatPayout[][];
  /** What the jurors get of the bonds. */
  fees: bigint;
  burned: bigint;
  client: bigint;
  worker: bigint;
}

/** What a juror wins for a vote as the last panel's, and a denouncer; see `CaseAmounts`. */
export function quarterOf(bond: bigint): bigint {
  return bond / 4n;
}

/** The side with more votes than the other and than "unclear", if two thirds of the seats voted. As in `Panel.sol`. */
export function outcomeOf(votes: readonly Vote[]): Vote {
  const count = (vote: Vote) => votes.filter((each) => each === vote).length;
  if ((votes.length - count(Vote.None)) * 3 < votes.length * 2) return Vote.None;
  const [client, worker, unclear] = [count(Vote.Client), count(Vote.Worker), count(Vote.Unclear)];
  if (client > worker && client > unclear) return Vote.Client;
  if (worker > client && worker > unclear) return Vote.Worker;
  return Vote.None;
}

export function opposite(side: Vote): Vote {
  return side === Vote.Client ? Vote.Worker : Vote.Client;
}

/** Who gets what when a case ends. The same as `ArbitrationPool._settlePanels` and `_settleBonds`. */
export function payoutOf(ruling: Ruling): Payout {
  const seats: SeatPayout[][] = [];
  let decided: Vote = Vote.None;
  let fees = 0n;
  let burned = 0n;
  for (const [index, panel] of [...ruling.panels.entries()].reverse()) {
    // A panel that was still at work has decided nothing, and done nothing wrong.
    const spared = ruling.voting && index === ruling.panels.length - 1;
    const outcome = spared ? Vote.None : outcomeOf(panel.votes);
    if (decided === Vote.None) decided = outcome;
    const paid = payPanel(panel, outcome === Vote.None ? outcome : decided, ruling.bond, spared);
    seats.unshift(paid.seats);
    fees += paid.fees;
    burned += paid.burned;
  }
  return { seats, fees, burned, ...payBonds(ruling, fees) };
}

function payPanel(panel: Panel, decided: Vote, bond: bigint, spared: boolean) {
  const wins = (vote: Vote) => (decided === Vote.None ? vote !== Vote.None : vote === decided);
  const risks = panel.denounced.map((denounced) => (denounced ? bond - quarterOf(bond) : bond));
  const slashes = panel.votes.map((vote, seat) => (spared ? 0n : slashOf(vote, decided, bond, risks[seat] ?? bond)));
  const slashed = slashes.reduce((sum, slash) => sum + slash, 0n);
  const winners = BigInt(panel.votes.filter(wins).length);
  const share = winners === 0n ? 0n : slashed / winners;
  const fee = decided === Vote.None ? 0n : quarterOf(bond);
  const seats = panel.positions.map((position, seat) => ({
    position,
    risk: risks[seat] ?? bond,
    slash: slashes[seat] ?? 0n,
    reward: wins(panel.votes[seat] ?? Vote.None) ? share + fee : 0n,
  }));
  return { seats, fees: fee * winners, burned: slashed - share * winners };
}

function slashOf(vote: Vote, decided: Vote, bond: bigint, risk: bigint): bigint {
  if (vote === Vote.None) return risk;
  const wrong = decided !== Vote.None && vote !== decided && vote !== Vote.Unclear;
  return wrong ? bond - quarterOf(bond) : 0n;
}

function payBonds({ bond, round, standing, unanswered, winner }: Ruling, fees: bigint) {
  const each = unanswered === 0 ? 0n : bond * ((2n << BigInt(round)) - 1n);
  const more = unanswered === undefined ? 0n : bond << BigInt(unanswered);
  const paid: Record<"client" | "worker", bigint> = { client: 0n, worker: 0n };
  const sideOf = (vote: Vote) => (vote === Vote.Client ? "client" : "worker");
  if (winner === Vote.None) {
    paid.client += each - fees / 2n;
    paid.worker += each - (fees - fees / 2n);
    paid[sideOf(opposite(standing))] += more;
  } else {
    paid[sideOf(winner)] += 2n * each + more - fees;
  }
  return paid;
}
