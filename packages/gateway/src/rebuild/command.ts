import { parseArgs } from "node:util";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { DatabaseNotEmpty, GatewayRunning } from "./begin.ts";
import { rebuild } from "./rebuild.ts";
import { reportText } from "./report.ts";

const rebuildUsage = `gateway rebuild [--into-existing]

Makes the database anew from the chain and the content store in HFH_DATA_DIR, by the gateway's own settings. Stop all
gateways before. What is there already stays as it is, so a rebuild that was broken off goes on when it is run again.

  --into-existing   also where the database holds something: adds what it lacks`;

/** @returns the process's exit code: 0 also where something could not be restored, which the report tells */
export async function rebuildCommand(config: Config, log: Logger, args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    console.error(`${options}\n\n${rebuildUsage}`);
    return 2;
  }
  if (options.help) {
    console.log(rebuildUsage);
    return 0;
  }
  try {
    console.log(reportText(await rebuild(config, log, options)));
    return 0;
  } catch (error) {
    if (!(error instanceof DatabaseNotEmpty || error instanceof GatewayRunning)) throw error;
    console.error(error.message);
    return 1;
  }
}

function readOptions(args: readonly string[]): { intoExisting: boolean; help: boolean } | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { "into-existing": { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    });
    return { intoExisting: values["into-existing"], help: values.help };
  } catch (error) {
    return (error as Error).message;
  }
}
