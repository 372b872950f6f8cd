import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Minutes each, though they are small files: what begins last keeps one worker busy while the others have nothing left. */
const slowest = ["outbox-crash.test.ts", "rebuild.test.ts", "fuzz.test.ts"];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => slowest.some((name) => moduleId.endsWith(`/${name}`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

const project = (name: string, globalSetup: string[] = []) => ({
  test: {
    name,
    include: [`packages/${name}/test/**/*.test.ts`],
    globalSetup,
    // Real chains and databases start in hooks; two busy cores may take a while. What hangs, hangs in two minutes too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
  },
});

export default defineConfig({
  test: {
    // Most of a test's time goes by in waiting for chains, databases and leases.
    maxWorkers: 2 * availableParallelism(),
    // Our modules keep no state, so a worker loads them once for all its files.
    isolate: false,
    sequence: { sequencer: SlowestFirst },
    projects: [
      project("protocol"),
      project("client"),
      project("signers"),
      project("oracle"),
      // Makes the databases once that each suite then starts from.
      project("gateway", ["packages/gateway/test/support/database-templates.ts"]),
    ],
  },
});
