/** `npx pnpm@12 cluster`: what several gateways on one database do under faults, see docs/many-gateways.md. */
import { parseArgs } from "node:util";
import { addStandby, failOver } from "./cluster/failover.ts";
import { freezeHolder, killHolder, killOne, upgradeAll } from "./cluster/faults.ts";
import { makeNewerCode } from "./cluster/newer-code.ts";
import { beginPlay, type Line, type Play, underLoad } from "./cluster/scenario.ts";
import { problemsOf, tableOf, writePage } from "./cluster/table.ts";
import { startWorld, type World } from "./cluster/world.ts";

const usage = `npx pnpm@12 cluster [--only PART] [--short] [--rate N] [--calm SECONDS] [--write] …

Needs the programs of a PostgreSQL server; makes servers of its own and leaves nothing behind.

  --only PART      One of kill, upgrade, lease, synchronous, asynchronous; may be given again. Default: all.
  --short          The part lease alone, with a short load: a gateway is killed and frozen in it too.
  --rate N         Jobs asked for per second. Default: 4.
  --calm SECONDS   How long the load goes on before a fault and after it. Default: 10.
  --write          Writes the table into docs/many-gateways.md.`;

const parts = ["kill", "upgrade", "lease", "synchronous", "asynchronous"] as const;
type Part = (typeof parts)[number];

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    short: { type: "boolean", default: false },
    rate: { type: "string", default: "4" },
    calm: { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new Error(`--${option} must be a number above 0, it is ${text}`);
}

function partsOf(): Part[] {
  const unknown = (values.only ?? []).filter((name) => !(parts as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--only knows ${parts.join(", ")}; not ${unknown.join(", ")}`);
  return parts.filter((part) => values.only?.includes(part) ?? (!values.short || part === "lease"));
}

const interrupted = new AbortController();
/** Rejects at Ctrl-C, which may come more than once. */
const interruption = new Promise<never>((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());
  interrupted.signal.addEventListener("abort", () => reject(new Error("interrupted")));
});
interruption.catch(() => undefined);

async function inWorld(work: (play: Play, world: World) => Promise<void>): Promise<void> {
  const calm = numberOf("calm", values.calm ?? (values.short ? "2" : "10"));
  const perSecond = numberOf("rate", values.rate);
  const world = await startWorld();
  try {
    const playing = beginPlay(world, { perSecond, calmMs: calm * 1_000 }).then((play) => work(play, world));
    await Promise.race([playing, interruption]);
  } finally {
    await world.stop();
  }
}

async function main(): Promise<void> {
  const chosen = partsOf();
  if (values.write && chosen.length < parts.length)
    throw new Error("--write needs all parts: the table has a line of each");
  const lines: Line[] = [];
  const add = (line: Line) => {
    lines.push(line);
    console.log(
      tableOf([line])
        .split("\n")
        .slice(lines.length === 1 ? 0 : 2)
        .join("\n"),
    );
    for (const problem of problemsOf(line)) console.log(`  ${problem}`);
  };
  if (chosen.some((part) => ["kill", "upgrade", "lease"].includes(part)))
    await inWorld(async (play, world) => {
      if (chosen.includes("kill")) add(await underLoad(play, "one gateway is killed", () => killOne(play)));
      if (chosen.includes("lease")) {
        add(await underLoad(play, "the gateway that signs is killed", () => killHolder(play)));
        add(await underLoad(play, "the gateway that signs is frozen and thawed", () => freezeHolder(play)));
      }
      if (chosen.includes("upgrade")) {
        const code = await makeNewerCode(world.folder);
        add(await underLoad(play, "all gateways are upgraded, one by one", () => upgradeAll(play, code)));
      }
    });
  for (const kind of ["synchronous", "asynchronous"] as const) {
    if (!chosen.includes(kind)) continue;
    await inWorld(async (play, world) => {
      const replication = await addStandby(world, kind === "synchronous");
      const what = `the database dies, its ${kind} standby is promoted`;
      add(await underLoad(play, what, () => failOver(play, replication)));
    });
  }
  if (values.write) await writePage(lines);
  // What an asynchronous standby has not heard of is lost with the primary: that is what the line is there to show.
  const bad = lines.filter((line) => !line.what.includes("asynchronous") && problemsOf(line).length > 0);
  process.exitCode = bad.length === 0 ? 0 : 1;
}

if (values.help) console.log(usage);
else
  try {
    await main();
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    // What the campaign was at may still wait for something that is gone.
    process.exit(130);
  }
