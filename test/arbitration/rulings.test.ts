import { expect } from "chai";
import { readFile } from "node:fs/promises";
import { corrupt, diligent, guessing } from "../../scripts/sim/behaviours.ts";
import { chartsOf } from "../../scripts/sim/charts.ts";
import { wrongShare } from "../../scripts/sim/closed-forms.ts";
import { runExperiments } from "../../scripts/sim/experiments.ts";
import { BOND, JURORS, playCase, wrongSide, type CasePlayed } from "../../scripts/sim/play.ts";
import { randomOf } from "../../scripts/sim/random.ts";
import { sectionOf, withSection } from "../../scripts/sim/section.ts";

const CASES = 2_000;

function play(appeals: "nobody" | "both sides", behaviourOf: Parameters<typeof playCase>[1]["behaviourOf"]) {
  const setting = { random: randomOf("1", "rulings"), seed: "rulings", appeals, behaviourOf };
  return Array.from({ length: CASES }, (_, number) => playCase(number, setting));
}

/** Hardhat's matchers take `closeTo` for whole numbers only. */
function expectClose(actual: number, expected: number, tolerance: number, what = ""): void {
  expect(Math.abs(actual - expected), `${what}: ${actual}, expected ${expected}`).to.be.below(tolerance);
}

/** Four standard errors: what chance alone exceeds once in 16,000 times. */
function expectShare(played: CasePlayed[], round: number, share: number): void {
  const wrong = played.filter((each) => each.decisions[round] === wrongSide(each)).length / played.length;
  expectClose(wrong, share, 4 * Math.sqrt((share * (1 - share)) / played.length), `round ${round}`);
}

describe("the rulings of simulated cases", () => {
  it("are as often wrong as the binomial distribution says of independent jurors", () => {
    // Three jurors right in 80 %: 3 * 0.2^2 * 0.8 + 0.2^3.
    expectClose(wrongShare({ seats: 3, accuracy: 0.8, jurors: JURORS, attackers: 0 }), 0.104, 1e-12);
    const played = play("both sides", () => diligent(0.8));
    for (const [round, seats] of [3, 7, 15].entries()) {
      expectShare(played, round, wrongShare({ seats, accuracy: 0.8, jurors: JURORS, attackers: 0 }));
    }
  });

  it("are as often wrong as the hypergeometric distribution says of an attacker's seats", () => {
    // Two or three of three seats drawn from 60 of 200 accounts, where the others never err.
    const two = (((60 * 59) / 2) * 140) / ((200 * 199 * 198) / 6);
    const three = (60 * 59 * 58) / (200 * 199 * 198);
    expectClose(wrongShare({ seats: 3, accuracy: 1, jurors: 200, attackers: 60 }), two + three, 1e-12);
    const played = play("both sides", (position) => (position < 60 ? corrupt : diligent(0.9)));
    for (const [round, seats] of [3, 7, 15].entries()) {
      expectShare(played, round, wrongShare({ seats, accuracy: 0.9, jurors: JURORS, attackers: 60 }));
    }
  });

  it("earn a diligent and a guessing juror on a panel of three what can be calculated", () => {
    const accuracy = 0.8;
    const played = play("nobody", (_, seat) => (seat === 0 ? guessing : diligent(accuracy)));
    // The two others agree or not. If they do, a guess is a fee won or three quarters lost; if not, the guess decides and
    // wins the fee and the half of what the third loses.
    const agree = accuracy ** 2 + (1 - accuracy) ** 2;
    const expected = agree * (0.25 / 2 - 0.75 / 2) + (1 - agree) * (0.25 + 0.75 / 2);
    const profits = played.map(({ seats }) => Number(seats[0]?.profit) / Number(BOND));
    const mean = profits.reduce((sum, profit) => sum + profit, 0) / profits.length;
    expectClose(mean, expected, (4 * 0.6) / Math.sqrt(CASES));
  });

  it("give the same charts and section for the same seed, and others for another", async () => {
    const written = async (seed: string) => {
      const figures = runExperiments(1, seed);
      return { ...chartsOf(figures), section: await sectionOf(figures, seed) };
    };
    const first = await written("1");
    expect(await written("1")).to.deep.equal(first);
    expect(await written("2")).to.not.deep.equal(first);
  });

  it("are told between the marks of docs/arbitration.md, and nothing else of the page changes", async () => {
    const page = await readFile(new URL("../../docs/arbitration.md", import.meta.url), "utf8");
    const section = /<!-- sim:begin -->\n\n([^]*)\n\n<!-- sim:end -->/.exec(page)?.[1] ?? "";
    expect(section).to.not.equal("");
    expect(withSection(page, section, "sim")).to.equal(page);
    for (const name of Object.keys(chartsOf(runExperiments(1, "1")))) expect(section).to.include(`images/${name}`);
    expect(() => withSection("no marks", section, "sim")).to.throw("the page needs one");
  });
});
