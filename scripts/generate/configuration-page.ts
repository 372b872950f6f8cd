import { format } from "prettier";
import { type Default, type Setting, settings } from "../../packages/gateway/src/settings.ts";

/** docs/configuration.md: the gateway's settings for its operator. */
export async function configurationPage(): Promise<string> {
  const entries = Object.values<Setting>(settings).map(
    (setting) =>
      `## ${setting.env}\n\n${setting.why}\n\nExpected: ${setting.schema.description ?? "a text"}. ${defaultOf(setting)}\n`,
  );
  return await format(`${INTRODUCTION}\n${entries.join("\n")}`, { parser: "markdown", printWidth: 120 });
}

function defaultOf(setting: Setting): string {
  if (setting.default !== undefined) return `Default: ${shown(setting.default)}.`;
  return setting.optional === true ? "May be left out." : "Has to be set.";
}

function shown(value: Default): string {
  if (typeof value === "string") return `\`${value}\``;
  if ("local" in value) return `\`${value.local}\` on a local chain, else \`${value.public}\``;
  return value.recorded === "deployBlock"
    ? "the block of the recorded deployment on this chain, else `0`"
    : "the recorded deployment's on this chain";
}

const INTRODUCTION = `# Configuration of the gateway

All settings come from the environment. They are read once at start; every wrong one is named with what it is and what is
expected, and nothing is started then. An empty variable counts as not set. Secrets are never shown, neither in such a
message nor in the log. Each of them can come from a file: \`RELAYER_PRIVATE_KEY_FILE\` names the file that holds
\`RELAYER_PRIVATE_KEY\`, and so on for every setting that is a secret.

This page is generated from \`packages/gateway/src/settings.ts\`.
`;
