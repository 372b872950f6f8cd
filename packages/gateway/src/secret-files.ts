import { readFileSync } from "node:fs";
import { ConfigError, type Environment } from "./config.ts";
import { type Setting, settings } from "./settings.ts";

/**
 * Puts the contents of the files that `<SETTING>_FILE` names in the place of settings that are secrets, as container
 * runtimes and systemd hand them over. A line's end at the end of the file is no part of the secret.
 * @throws ConfigError that names every file that can't be read and every setting that is given twice
 */
export function readSecretFiles(env: Environment): Environment {
  const problems: string[] = [];
  const read: Environment = {};
  for (const { env: name, schema } of Object.values<Setting>(settings)) {
    const path = env[`${name}_FILE`];
    if (path === undefined || path === "" || schema.description?.endsWith("(a secret)") !== true) continue;
    if (env[name] !== undefined && env[name] !== "") {
      problems.push(`${name} and ${name}_FILE are both set; expected one of them`);
      continue;
    }
    try {
      read[name] = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      problems.push(
        `${name}_FILE is ${JSON.stringify(path)}, which can't be read: ${(error as NodeJS.ErrnoException).code}`,
      );
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...env, ...read };
}
