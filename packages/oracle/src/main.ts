import { parseArgs } from "node:util";
import { pino } from "pino";
import { NodeConfigError, readNodeConfig } from "./node/config.ts";
import { startNode } from "./node/start.ts";

const usage = `npx pnpm@12 oracle CONFIG

Runs one node of the oracle until Ctrl-C, configured by the JSON file CONFIG; docs/oracle-node.md tells what it holds.`;

async function main(path: string): Promise<void> {
  const config = readNodeConfig(path, process.env);
  const log = pino({ level: config.logLevel });
  const node = await startNode(config, log);
  log.info({ url: node.url, verifier: node.verifier, chain_id: config.chainId, escrow: config.escrow }, "listening");
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "draining");
      void node.stop().then(() => log.info("stopped"));
    });
  }
}

const { values, positionals } = parseArgs({
  options: { help: { type: "boolean", default: false } },
  allowPositionals: true,
});
const [path] = positionals;
if (values.help || path === undefined || positionals.length > 1) {
  console.log(usage);
  if (!values.help) process.exitCode = 1;
} else {
  try {
    await main(path);
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof NodeConfigError ? error.message : error);
  }
}
