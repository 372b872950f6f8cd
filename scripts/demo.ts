import { parseArgs } from "node:util";
import { assembleCast, type Cast } from "./demo/cast.ts";
import { paid, refunded, reopened, type Story } from "./demo/stories.ts";
import { ruled, type RuledStory } from "./demo/ruled.ts";
import { makeScratch } from "./stack/scratch.ts";
import { startStack } from "./stack/stack.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const startedAt = performance.now();
const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);

interface Stories {
  paid: Story;
  reopened: Story;
  refunded: Story;
  ruled: RuledStory;
}

async function play(cast: Cast): Promise<Stories> {
  return {
    paid: await paid(cast),
    reopened: await reopened(cast),
    refunded: await refunded(cast),
    ruled: await ruled(cast),
  };
}

const dataDir = await makeScratch("demo");
try {
  console.log("HireForHumans: an AI agent hires a person, four times, on a local chain with real USDC code.");
  const stack = await startStack({
    port: 0,
    chainPort: 0,
    dataDir,
    onProgress: (what) => console.log(`  ${seconds().padStart(6)} s  starting ${what}`),
  });
  const cast = await assembleCast(stack);
  try {
    const stories = await play(cast);
    console.log(`\nAll four stories came out right, ${seconds()} s in all.`);
    if (values.json) console.log(JSON.stringify({ stories }));
  } finally {
    cast.webhooks.stop();
    await stack.stop();
  }
} catch (error) {
  process.exitCode = 1;
  console.error(`\nThe demo is off: ${error instanceof Error ? error.message : String(error)}`);
}
