import { readFileSync } from "node:fs";
import { Wallet, getAddress, isAddress } from "ethers";
import { type KeySource, keySourceDescription, parseKeySource } from "@hireforhumans/signers";
import { z } from "zod";
import { JUDGE_PROVIDERS, type JudgeOptions } from "../rubric/connect.ts";

/** A secret is named, never written down in the configuration: by a file that holds it, or a variable of the environment. */
const secretSource = z
  .union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })])
  .describe('where the secret is: {"file": "/path"} or {"env": "NAME"}');
type SecretSource = z.output<typeof secretSource>;

const httpUrl = z.url({ protocol: /^https?$/, error: "expected an http(s) URL" });
const address = z
  .string()
  .refine((text) => isAddress(text), "expected an address: 0x and 40 hex digits")
  .transform((text) => getAddress(text));

const keySource = z
  .string()
  .refine((text) => parseKeySource(text) !== undefined, `expected ${keySourceDescription}`)
  .describe("where a key is that the node does not hold itself, see docs/keys.md");

/** The file's members; docs/oracle-node.md tells of each. */
export const nodeConfigSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(3100),
  /** Either this or `signer`. */
  private_key: secretSource.optional(),
  signer: keySource.optional(),
  chain_id: z.int().min(1),
  /** Often holds an API key, so it may be named like a secret. */
  rpc_url: z.union([httpUrl, secretSource]),
  escrow: address,
  gateway_url: httpUrl,
  gateway_token: secretSource,
  database: z.string().min(1),
  judge: z
    .strictObject({
      provider: z.enum(JUDGE_PROVIDERS),
      model: z.string().min(1).max(200),
      api_key: secretSource,
      base_url: httpUrl.optional(),
    })
    .optional(),
  allow_loopback: z.boolean().default(false),
  log_level: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** A node's configuration, with its secrets. Never log it. */
export interface NodeConfig {
  host: string;
  port: number;
  /** The key, or where it is. */
  signer: Wallet | KeySource;
  chainId: number;
  rpcUrl: string;
  escrow: string;
  /** Files are read from here and from nowhere else. */
  gatewayUrl: string;
  gatewayToken: string;
  /** The database's file. */
  database: string;
  /** The model that answers rubric questions where a job lets one. */
  judge?: JudgeOptions | undefined;
  allowLoopback: boolean;
  logLevel: z.output<typeof nodeConfigSchema>["log_level"];
}

/** What is wrong with a node's configuration, all of it. Holds no secret. */
export class NodeConfigError extends Error {
  override readonly name = "NodeConfigError";

  constructor(path: string, problems: readonly string[]) {
    super(`The configuration ${path} is wrong:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
}

const leastTokenLength = 32;

/** @throws NodeConfigError that names every wrong member with what is expected */
export function readNodeConfig(path: string, env: Readonly<Record<string, string | undefined>>): NodeConfig {
  const parsed = nodeConfigSchema.safeParse(readJson(path));
  if (!parsed.success) {
    throw new NodeConfigError(
      path,
      parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`),
    );
  }
  const { data } = parsed;
  const problems: string[] = [];
  const secret = (name: string, source: SecretSource, expected: string, fits: (text: string) => boolean) => {
    const text = readSecret(source, env);
    const from = "file" in source ? `the file ${source.file}` : `the variable ${source.env}`;
    if (text === undefined) problems.push(`${name}: ${from} can't be read, or is empty`);
    else if (!fits(text)) problems.push(`${name}: what ${from} holds (not shown) is not ${expected}`);
    else return text;
    return "";
  };
  if ((data.private_key === undefined) === (data.signer === undefined)) {
    const actual = data.signer === undefined ? "neither is" : "both are";
    problems.push(`private_key, signer: one of the two has to be there; ${actual}`);
  }
  const key =
    data.private_key && secret("private_key", data.private_key, "a private key: 0x and 64 hex digits", isPrivateKey);
  const gatewayToken = secret(
    "gateway_token",
    data.gateway_token,
    `a text of at least ${leastTokenLength} characters`,
    (text) => text.length >= leastTokenLength,
  );
  const rpcUrl =
    typeof data.rpc_url === "string"
      ? data.rpc_url
      : secret("rpc_url", data.rpc_url, "an http(s) URL", (text) => httpUrl.safeParse(text).success);
  const source = data.signer === undefined ? undefined : parseKeySource(data.signer);
  const judge = data.judge && {
    provider: data.judge.provider,
    model: data.judge.model,
    apiKey: secret("judge.api_key", data.judge.api_key, "a text", (text) => text !== ""),
    baseUrl: data.judge.base_url,
  };
  if (problems.length > 0) throw new NodeConfigError(path, problems);
  const signer = source ?? (key === undefined ? undefined : new Wallet(key));
  if (signer === undefined) throw new NodeConfigError(path, ["private_key, signer: neither is there"]);
  return {
    host: data.host,
    port: data.port,
    signer,
    chainId: data.chain_id,
    rpcUrl,
    escrow: data.escrow,
    gatewayUrl: data.gateway_url,
    gatewayToken,
    database: data.database,
    judge,
    allowLoopback: data.allow_loopback,
    logLevel: data.log_level,
  };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new NodeConfigError(path, [`it can't be read (${code}); see docs/oracle-node.md for what it holds`]);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NodeConfigError(path, [`it is not JSON: ${error instanceof Error ? error.message : "unknown"}`]);
  }
}

function readSecret(source: SecretSource, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if ("env" in source) return env[source.env]?.trim() || undefined;
  try {
    return readFileSync(source.file, "utf8").trim() || undefined;
  } catch {
    // The caller tells which file it is; why it can't be read is the operator's to see there.
    return undefined;
  }
}

function isPrivateKey(text: string): boolean {
  try {
    return new Wallet(text).privateKey === text.toLowerCase();
  } catch {
    // ethers throws on whatever is no key.
    return false;
  }
}
