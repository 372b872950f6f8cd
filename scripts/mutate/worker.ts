/**
 * A process that tries mutants, one after the other: compiles each, puts its code where the tests look for contracts, and
 * runs the tests until one fails. Hardhat, the compiler and the tests are loaded once. Its arguments are the test files.
 */
import { relative, resolve } from "node:path";
import hre from "hardhat";
import Mocha from "mocha";
import { CompileError, compile, readSources, root, type Profile } from "./compile.ts";
import { mutate } from "./mutants.ts";
import type { Edit } from "./operators.ts";

/** What a worker is asked: to try a mutant, or to run tests on the contracts as they are. */
export type Trial =
  | {
      edit: Edit & { path: string };
      /** The files whose contracts may get other code by it. */
      contracts: string[];
      /** Test files in the order in which they are to run. */
      tests: string[];
      /** Those that only pass on code as it is deployed. */
      gasBound: string[];
    }
  | { profile: Profile; contracts: string[]; tests: string[] };

export type Outcome =
  /** By the first test that failed. */
  | { outcome: "killed"; by: string }
  | { outcome: "survived" }
  /** It doesn't compile, or to the same code. */
  | { outcome: "void" };

/** By `<path>:<name>`: what the tests get in place of the code that Hardhat compiled. */
let codes = new Map<string, string>();
/** Bring every chain that the tests made back to its beginning. */
const rewinds: (() => Promise<void>)[] = [];

const sources = await readSources();
const unchanged = { quick: new Map<string, string>(), deployed: new Map<string, string>() };
replaceArtifacts();
liftSizeLimit();
rewindChains();
const mocha = await loadTests(process.argv.slice(2));
const suites = Map.groupBy(mocha.suite.suites, ({ file = "" }) => relative(root, file));

process.on("message", (trial: Trial) => {
  void attempt(trial).then((outcome) => process.send?.(outcome));
});
// Who asked is gone.
process.on("disconnect", () => process.exit());
process.send?.("ready");

function replaceArtifacts(): void {
  const readArtifact = hre.artifacts.readArtifact.bind(hre.artifacts);
  hre.artifacts.readArtifact = async (name) => {
    const artifact = await readArtifact(name);
    const code = codes.get(`${artifact.sourceName}:${artifact.contractName}`);
    return code === undefined ? artifact : { ...artifact, bytecode: `0x${code}` };
  };
}

/** With few optimizations a contract is larger than a chain would take. */
function liftSizeLimit(): void {
  const create = hre.network.create.bind(hre.network);
  hre.network.create = async (params) => {
    const asked = typeof params === "string" ? { network: params } : params;
    return await create({ ...asked, override: { ...asked?.override, allowUnlimitedContractSize: true } });
  };
}

function rewindChains(): void {
  hre.hooks.registerHandlers("network", {
    newConnection: async (context, next) => {
      const connection = await next(context);
      const { provider, networkHelpers } = connection;
      const snapshot = async () => (await provider.request({ method: "evm_snapshot" })) as string;
      let beginning = await snapshot();
      rewinds.push(async () => {
        await provider.request({ method: "evm_revert", params: [beginning] });
        beginning = await snapshot();
        networkHelpers.clearSnapshots();
      });
      return connection;
    },
  });
}

async function loadTests(files: string[]): Promise<Mocha> {
  const loaded = new Mocha({ ...hre.config.test.mocha, bail: true, reporter: Mocha.reporters.Base });
  loaded.cleanReferencesAfterRun(false);
  for (const file of files) loaded.addFile(resolve(root, file));
  await loaded.loadFilesAsync();
  return loaded;
}

async function attempt(trial: Trial): Promise<Outcome> {
  const { contracts, tests } = trial;
  if ("profile" in trial) return await test(originalOf(trial.profile, contracts), tests);
  const quick = codesOf(trial.edit, contracts, "quick");
  if (quick === undefined) return { outcome: "void" };
  const outcome = await test(quick, tests);
  if (outcome.outcome === "killed") return outcome;
  const deployed = codesOf(trial.edit, contracts, "deployed");
  return deployed === undefined ? { outcome: "void" } : await test(deployed, trial.gasBound);
}

/** The code of contracts with the change, undefined where there is none or it is that without the change. */
function codesOf(
  edit: Edit & { path: string },
  contracts: string[],
  profile: Profile,
): Map<string, string> | undefined {
  const changed = new Map(sources);
  changed.set(edit.path, mutate(sources.get(edit.path) ?? "", edit));
  try {
    const result = compile(changed, contracts, profile);
    const original = originalOf(profile, contracts);
    return [...result].every(([name, code]) => original.get(name) === code) ? undefined : result;
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

function originalOf(profile: Profile, contracts: string[]): Map<string, string> {
  const known = unchanged[profile];
  const unknown = contracts.filter((path) => ![...known.keys()].some((name) => name.startsWith(`${path}:`)));
  if (unknown.length > 0) for (const [name, code] of compile(sources, unknown, profile)) known.set(name, code);
  return known;
}

async function test(tested: Map<string, string>, tests: string[]): Promise<Outcome> {
  codes = tested;
  for (const rewind of rewinds) await rewind();
  mocha.suite.suites = tests.flatMap((file) => suites.get(file) ?? []);
  return await new Promise((done) => {
    let by = "";
    const runner = mocha.run((failures) => {
      done(failures > 0 ? { outcome: "killed", by } : { outcome: "survived" });
    });
    runner.on("fail", (failed: Mocha.Runnable) => {
      by ||= `${relative(root, failed.file ?? "")}: ${failed.fullTitle()}`;
    });
  });
}
