import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../hardhat.config.ts";
import type { Node } from "./ast.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const require = createRequire(import.meta.url);

/** The part of solc's interface that is used here; it speaks JSON in and out. */
interface Solc {
  compile: (input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }) => string;
}

interface Output {
  errors?: { severity: string; formattedMessage: string }[];
  sources?: Record<string, { ast: Node }>;
  contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>;
}

/** Sources by path from the repository's root. */
export type Sources = Map<string, string>;

/** All contracts of ours. */
export async function readSources(): Promise<Sources> {
  const paths: string[] = [];
  for await (const path of glob("contracts/**/*.sol", { cwd: root })) paths.push(path);
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** As a contract is deployed, or with so few optimizations that compiling takes a fraction of the time. */
export type Profile = "deployed" | "quick";

interface Settings {
  optimizer: object;
  [name: string]: unknown;
}

/** The compiler settings of the contracts in a file. */
export function settingsOf(path: string, profile: Profile): Settings {
  const { solidity } = config;
  if (typeof solidity !== "object" || !("compilers" in solidity)) {
    throw new Error(
      "hardhat.config.ts lists no solidity.compilers any more; say here which settings are those deployed",
    );
  }
  const compiler = solidity.overrides?.[path] ?? solidity.compilers[0];
  const settings = {
    ...(compiler?.settings as Settings),
    // A hash of the sources in the code would make every mutant another program.
    metadata: { appendCBOR: false, bytecodeHash: "none" },
  };
  const few = { enabled: false, details: { yul: true, yulDetails: { optimizerSteps: "u:" } } };
  return profile === "deployed" ? settings : { ...settings, optimizer: few };
}

export class CompileError extends Error {}

/** The syntax trees of all sources, types resolved, by path. */
export function parse(sources: Sources): Map<string, Node> {
  const { sources: units = {} } = run(sources, settingsOf("", "quick"), { "*": { "": ["ast"] } });
  return new Map(Object.entries(units).map(([path, { ast }]) => [path, ast]));
}

/**
 * The creation code of every contract in these files, by `<path>:<name>`, without 0x. Interfaces have none.
 * @throws CompileError where solc refuses the sources
 */
export function compile(sources: Sources, paths: string[], profile: Profile): Map<string, string> {
  const codes = new Map<string, string>();
  for (const [settings, group] of Map.groupBy(paths, (path) => JSON.stringify(settingsOf(path, profile)))) {
    const selection = Object.fromEntries(group.map((path) => [path, { "*": ["evm.bytecode.object"] }]));
    const { contracts = {} } = run(sources, JSON.parse(settings) as Settings, selection);
    for (const [path, named] of Object.entries(contracts)) {
      for (const [name, { evm }] of Object.entries(named)) {
        if (evm.bytecode.object !== "") codes.set(`${path}:${name}`, evm.bytecode.object);
      }
    }
  }
  return codes;
}

function run(sources: Sources, settings: Settings, outputSelection: object): Output {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([path, content]) => [path, { content }])),
    settings: { ...settings, outputSelection },
  };
  const solc = require("solc") as Solc;
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readDependency })) as Output;
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new CompileError(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return output;
}

function readDependency(path: string): { contents: string } | { error: string } {
  try {
    return { contents: readFileSync(join(root, "node_modules", path), "utf8") };
  } catch (cause) {
    return { error: `no such file in node_modules: ${path} (${String(cause)})` };
  }
}
