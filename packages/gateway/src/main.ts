import { deploymentOf } from "@hireforhumans/protocol";
import { auditCommand, UsageError } from "./audit/command.ts";
import { ConfigError, type Environment, readConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { createLogger } from "./observability/log.ts";
import { startTraces, TracesMissing } from "./observability/traces.ts";
import { readSecretFiles } from "./secret-files.ts";
import { rebuildCommand } from "./rebuild/command.ts";

/**
 * One gateway, configured by the environment (docs/configuration.md). SIGTERM and SIGINT let it drain and end.
 * `audit verify` checks its log of privileged acts instead; `rebuild` makes its database anew (docs/operations.md).
 */
async function main([command, ...words]: string[], env: Environment): Promise<void> {
  if (command !== undefined && !["audit", "rebuild"].includes(command)) {
    throw new UsageError(`There is no command ${command}; there are audit and rebuild.`);
  }
  const config = readConfig({ ...recordedDeployment(env["CHAIN_ID"]), ...readSecretFiles(env) });
  if (command === "rebuild") {
    // Standard output is the report's.
    process.exitCode = await rebuildCommand(config, createLogger(config.logLevel, process.stderr), words);
    return;
  }
  const log = createLogger(config.logLevel);
  if (command === "audit") {
    if (!(await auditCommand(words, config, log))) process.exitCode = 1;
    return;
  }
  const stopTraces = await startTraces(env);
  const gateway = await startGateway(config, log);
  log.info({ url: gateway.url, chain_id: config.chainId, escrow: config.escrow }, "listening");
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "draining");
      void gateway
        .stop()
        .then(stopTraces)
        .then(() => log.info("stopped"));
    });
  }
}

/** The addresses that the deployment wrote down, where it was ours. */
function recordedDeployment(chainId: string | undefined): Environment {
  const deployment = chainId === undefined ? undefined : deploymentOf(Number(chainId));
  if (deployment === undefined) return {};
  return {
    ESCROW_ADDRESS: deployment.escrow,
    REPUTATION_ADDRESS: deployment.reputation,
    USDC_ADDRESS: deployment.usdc,
    START_BLOCK: String(deployment.deployBlock),
  };
}

try {
  await main(process.argv.slice(2), process.env);
} catch (error) {
  process.exitCode = 1;
  const told = [ConfigError, UsageError, TracesMissing].some((kind) => error instanceof kind);
  console.error(told ? (error as Error).message : error);
}
