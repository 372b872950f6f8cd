import { defineConfig } from "vitest/config";

const project = (name: string, globalSetup: string[] = []) => ({
  test: {
    name,
    include: [`packages/${name}/test/**/*.test.ts`],
    globalSetup,
    // Real chains and databases start in hooks; two busy cores may take a while.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    projects: [
      project("protocol"),
      project("client"),
      project("oracle"),
      // Makes the database once that each suite then starts from.
      project("gateway", ["packages/gateway/test/support/database-template.ts"]),
    ],
  },
});
