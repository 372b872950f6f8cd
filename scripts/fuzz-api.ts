/**
 * `npx pnpm@12 fuzz:api [--requests 100000] [--seed N]`: random requests, made from the gateway's own OpenAPI document, to
 * every route as every role. Ends with 1 where an answer is a 5xx, is not as documented, or shows what it must not. On
 * PostgreSQL where TEST_DATABASE_URL names a server, else on the embedded database.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: { requests: { type: "string", default: "100000" }, seed: { type: "string" } },
});
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
for (const [name, value] of Object.entries({ requests: values.requests, seed })) {
  if (!/^[1-9]\d{0,9}$/.test(value)) throw new TypeError(`--${name} is ${value}; expected a whole number above 0`);
}
console.log(`seed ${seed}`);
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const child = spawn(process.execPath, [vitest, "run", "packages/gateway/test/security/fuzz.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, FUZZ_REQUESTS: values.requests, FUZZ_SEED: seed },
});
const [code] = (await once(child, "exit")) as [number | null];
process.exitCode = code ?? 1;
