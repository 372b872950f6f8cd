import type { z } from "zod";
import { USDC_ADDRESSES, deploymentOf } from "@hireforhumans/protocol";
import { type Setting, settings } from "./settings.ts";

export { Secret } from "./secret.ts";

/** The settings that are wrong, all of them, each with what it is and what it should be. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/** Chains that live on a developer's machine. */
const localChainIds = [31337, 1337];
const polygonChainIds = [137, 80002];

export const isLocalChain = (chainId: number | bigint): boolean => localChainIds.includes(Number(chainId));
export const isPolygon = (chainId: number | bigint): boolean => polygonChainIds.includes(Number(chainId));

type Parsed = { [Key in keyof typeof settings]: z.output<(typeof settings)[Key]["schema"]> };

export type Config = Omit<Parsed, "publicUrl"> & { publicUrl: string };

export type Environment = Record<string, string | undefined>;

/**
 * Reads the configuration. An empty variable counts as not set.
 * @throws ConfigError that names every wrong value with what it is and what is expected
 */
export function readConfig(env: Environment): Config {
  const problems: string[] = [];
  const chainId = Number(env[settings.chainId.env] ?? settings.chainId.default);
  const read = (key: keyof typeof settings): unknown => {
    const entry: Setting = settings[key];
    const given = env[entry.env] === "" ? undefined : env[entry.env];
    const result = entry.schema.safeParse(given ?? defaultOf(entry, chainId));
    if (!result.success) problems.push(problemOf(entry, given));
    return result.data;
  };
  const keys = Object.keys(settings) as (keyof typeof settings)[];
  const parsed = Object.fromEntries(keys.map((key) => [key, read(key)])) as Parsed;
  problems.push(...conflictsOf(parsed));
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...parsed, publicUrl: parsed.publicUrl ?? `http://${parsed.host}:${parsed.port}` };
}

function defaultOf(entry: Setting, chainId: number): string | undefined {
  if (entry.default === undefined || typeof entry.default === "string") return entry.default;
  if ("local" in entry.default) return isLocalChain(chainId) ? entry.default.local : entry.default.public;
  const { recorded } = entry.default;
  const value = deploymentOf(chainId)?.[recorded] ?? (recorded === "usdc" ? USDC_ADDRESSES[chainId] : undefined);
  // Whoever deployed by hand and names no block reads the chain from its first.
  return value === undefined && recorded === "deployBlock" ? "0" : value?.toString();
}

function problemOf(entry: Setting, given: string | undefined): string {
  const expected = entry.schema.description ?? "";
  const actual =
    given === undefined ? "not set" : expected.endsWith("(a secret)") ? "wrong (not shown)" : JSON.stringify(given);
  return `${entry.env} is ${actual}; expected ${expected}. ${entry.why}`;
}

function conflictsOf(parsed: Partial<Parsed>): string[] {
  const conflicts: string[] = [];
  const { oracleNodes, committee } = parsed;
  const requireOneOf = (...keys: (keyof Parsed)[]) => {
    const names = keys.map((key) => settings[key].env);
    const given = keys.filter((key) => parsed[key] !== undefined).map((key) => settings[key].env);
    if (given.length === 1) return;
    const actual = given.length === 0 ? "none is" : `${given.join(" and ")} are`;
    conflicts.push(`One of ${names.join(", ")} has to be set; ${actual}.`);
  };
  requireOneOf("relayerPrivateKey", "relayerSigner");
  requireOneOf("oraclePrivateKey", "verifierSigner", "oracleNodes");
  if (parsed.relayerSigner !== undefined && parsed.gatewaySecret === undefined) {
    conflicts.push("RELAYER_SIGNER is set; GATEWAY_SECRET has to be set with it. Make one: openssl rand -hex 32.");
  }
  if (committee !== undefined && oracleNodes === undefined) {
    conflicts.push("COMMITTEE_ADDRESS is set; ORACLE_NODES, its members, has to be set with it.");
  }
  if (oracleNodes !== undefined && oracleNodes.length > 1 && committee === undefined) {
    conflicts.push(`ORACLE_NODES has ${oracleNodes.length} nodes; COMMITTEE_ADDRESS has to be set with more than one.`);
  }
  conflicts.push(...judgeConflictsOf(parsed));
  if (parsed.offerWaveSizes?.length !== parsed.offerWaveSeconds?.length) {
    const [sizes, seconds] = [parsed.offerWaveSizes?.length ?? 0, parsed.offerWaveSeconds?.length ?? 0];
    conflicts.push(`OFFER_WAVE_SIZES has ${sizes} waves, OFFER_WAVE_SECONDS has ${seconds}; expected as many in both.`);
  }
  return conflicts;
}

function judgeConflictsOf({
  oracleNodes,
  judgeProvider,
  judgeModel,
  judgeApiKey,
  judgeBaseUrl,
}: Partial<Parsed>): string[] {
  const needed = { JUDGE_PROVIDER: judgeProvider, JUDGE_MODEL: judgeModel, JUDGE_API_KEY: judgeApiKey };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length === Object.keys(needed).length && judgeBaseUrl === undefined) return [];
  if (missing.length > 0) return [`A model is named in part; ${missing.join(" and ")} has to be set too.`];
  if (oracleNodes === undefined) return [];
  return [
    "JUDGE_PROVIDER and ORACLE_NODES are set; nodes have models of their own, each by `judge` in its configuration.",
  ];
}
