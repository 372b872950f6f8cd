import type { Random } from "../sim/random.ts";
import type { Shutdown } from "../stack/postgres.ts";
import type { Manner } from "./hooks.ts";
import type { LifeName } from "./points.ts";
import { databaseName, type World } from "./world.ts";
import { lag, lose } from "./rpc-troubles.ts";
import { fillDisk } from "./disk.ts";
import { dropFromPool, reorg, spendNonce, spike, squatNonce, type ReorgStep, reorgSteps } from "./chain-troubles.ts";

export interface Making {
  world: World;
  random: Random;
  /** Aborts once the jobs are over: whoever makes trouble undoes it and ends. */
  over: AbortSignal;
  /** Counts a fault. */
  note: () => void;
}

/** A fault other than a death, or a row of them, while jobs are played. */
export interface Trouble {
  title: string;
  life: LifeName;
  /** What the campaign calls it, for the table and `--only`. */
  fault: string;
  make: (making: Making) => Promise<void>;
}

const rest = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Takes the database away in the middle of everything. */
const restartDatabase = (how: Shutdown): Trouble => ({
  fault: "database restart",
  title: `database restarted, ${how}`,
  life: "paid",
  async make({ world, random, over, note }) {
    for (let restart = 0; restart < 2 && !over.aborted; restart += 1) {
      await rest(random.integer(200, 1_500), over);
      note();
      await world.postgres?.restart(how, random.integer(0, 2_000));
    }
  },
});

const endTransactions = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = '${databaseName}' and xact_start is not null and application_name <> ''`;

const breakTransactions: Trouble = {
  fault: "connection loss",
  title: "connections broken in the middle of transactions",
  life: "paid",
  async make({ world, random, over, note }) {
    for (let broken = 0; broken < 8 && !over.aborted;) {
      await rest(random.integer(10, 60), over);
      const ended = (await world.postgres?.query(endTransactions)) ?? [];
      ended.forEach(note);
      broken += ended.length;
    }
  },
};

const receive = (manner: Exclude<Manner, "well">): Trouble => ({
  fault: "receivers",
  title: `a receiver that ${receiverWords[manner]}`,
  life: "paid",
  async make({ world, random, over, note }) {
    const seen = new Set<string>();
    world.receiver.manner = ({ job_id, sequence }) => {
      const first = !seen.has(`${job_id} ${sequence}`);
      seen.add(`${job_id} ${sequence}`);
      if (!first || !random.chance(0.4)) return "well";
      note();
      return manner;
    };
    await untilOver(over);
    world.receiver.manner = () => "well";
  },
});

const receiverWords: Record<Exclude<Manner, "well">, string> = {
  hang: "hangs",
  fail: "answers 500",
  redirect: "redirects",
  early: "closes without an answer",
  cut: "breaks off its answer",
};

const untilOver = (over: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (over.aborted) resolve();
    over.addEventListener("abort", () => resolve());
  });

const minuteMs = 60_000;

/** The wall clock of the gateway jumps, and comes back a while later. */
const jump = (words: string, byMs: number): Trouble => ({
  fault: "clock jumps",
  title: `the gateway's clock jumps ${words}`,
  life: "paid",
  async make({ world, random, over, note }) {
    await rest(random.integer(100, 2_000), over);
    note();
    await world.gateway.tell({ clockMs: byMs });
    await rest(4_000, over);
    await world.gateway.tell({ clockMs: 0 });
    await untilOver(over);
    // Receivers refuse signatures of another time, as they should; what they refused has to come again.
    world.receiver.forged = 0;
  },
});

const reorgAt = (step: ReorgStep, depth: number): Trouble => ({
  fault: "reorgs",
  title: `a reorg of depth ${depth} takes back ${step.event}`,
  life: step.life,
  make: (making) => reorg(making, step.event, depth),
});

const named = (fault: string, title: string, life: LifeName, make: Trouble["make"]): Trouble => ({
  fault,
  title,
  life,
  make,
});

const depths = [1, 2, 3, 5, 8, 13, 21, 34, 64];

/** All troubles of the long form on one engine; the short form takes some of each. */
export const troublesOf = (engine: "postgres" | "embedded"): Trouble[] => [
  ...(engine === "postgres" ? [restartDatabase("fast"), restartDatabase("immediate"), breakTransactions] : []),
  named("RPC", "calls lost, delayed, doubled and reordered", "paid", lose),
  named("RPC", "calls lost, delayed, doubled and reordered, a lapse", "lapsed", lose),
  named("RPC", "answers from older blocks", "paid", lag),
  named("RPC", "answers from older blocks, a refund", "refunded", lag),
  ...reorgSteps.flatMap((step) => depths.map((depth) => reorgAt(step, depth))),
  named("fees", "the base fee rises above what was offered", "paid", spike),
  named("nonces", "the node forgets a transaction", "paid", dropFromPool),
  named("nonces", "a foreign transaction takes a nonce", "paid", spendNonce),
  named("nonces", "a foreign transaction that nobody mines holds a nonce", "paid", squatNonce),
  named("full disk", "the store of files has no room", "filed", fillDisk),
  jump("10 minutes ahead", 10 * minuteMs),
  jump("10 minutes back", -10 * minuteMs),
  jump("a day ahead", 24 * 60 * minuteMs),
  jump("a day back", -24 * 60 * minuteMs),
  ...(["hang", "fail", "redirect", "early", "cut"] as const).map(receive),
];
