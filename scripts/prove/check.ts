import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rewrite, rewritings, type Rewriting } from "./rewritings.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);

/** The part of solc's interface that is used here; it speaks JSON in and out. */
interface Solc {
  version: () => string;
  compile: (input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }) => string;
}

const solc = require("solc") as Solc;

/** The compiler's version, with the solver in it. */
export const version = solc.version().replace(/\.Emscripten.*/, "");

interface Message {
  errorCode?: string;
  severity: string;
  message: string;
  formattedMessage: string;
  sourceLocation?: { file: string; start: number; end: number };
}

/** What the solver says: it holds, a counterexample was found, or the solver gave up. */
export type Outcome = "proved" | "refuted" | "not proved";

export interface Property {
  name: string;
  /** The sentence above the function. */
  sentence: string;
  outcome: Outcome;
}

export interface Proofs {
  properties: Property[];
  /** The targets without a property of their own: overflows, underflows and divisions in a library, not all proved. */
  unproved: string[];
  /** Where the solver read something else than what is deployed. */
  rewritten: Rewriting[];
  seconds: number;
}

/** solc's code for what its BMC engine has proved. */
const SAFE = "2961";

/**
 * Has solc's SMTChecker prove every assertion of a contract, and that nothing in it, or in what it calls, runs over, runs under
 * or divides by zero. Each function is taken alone, with any arguments and any storage.
 * @param edit changes a source before it is read
 * @throws Error when solc can't compile the sources
 */
export function check(path: string, edit: (path: string, source: string) => string = (_, source) => source): Proofs {
  const files = new Set<string>();
  const read = (file: string): string => {
    files.add(file);
    return rewrite(
      file,
      edit(file, readFileSync(join(root, file.startsWith("@") ? "node_modules" : "", file), "utf8")),
    );
  };
  const source = read(path);
  const name = path.slice(path.lastIndexOf("/") + 1, -".sol".length);
  const startedAtMs = performance.now();
  const input = {
    language: "Solidity",
    sources: { [path]: { content: source } },
    settings: {
      modelChecker: {
        contracts: { [path]: [name] },
        engine: "bmc",
        solvers: ["z3"],
        targets: ["assert", "overflow", "underflow", "divByZero"],
        showProvedSafe: true,
        showUnproved: true,
        showUnsupported: true,
      },
    },
  };
  const answer = solc.compile(JSON.stringify(input), { import: (file) => ({ contents: read(file) }) });
  const { errors: messages = [] } = JSON.parse(answer) as { errors?: Message[] };
  for (const { severity, formattedMessage } of messages) if (severity === "error") throw new Error(formattedMessage);
  const verdicts = messages.filter(({ message }) => /^BMC: .*(safe|happens here|might happen here)/.test(message));
  const properties = propertiesOf(source).map(({ name, sentence, start, end }) => {
    const own = verdicts.filter(({ sourceLocation: at }) => at?.file === path && at.start >= start && at.end <= end);
    return { name, sentence, outcome: outcomeOf(own) };
  });
  const unproved = verdicts
    .filter(({ errorCode, sourceLocation: at }) => errorCode !== SAFE && !(at?.file === path && isIn(source, at.start)))
    .map(({ formattedMessage }) => formattedMessage);
  const rewritten = rewritings.filter(({ path }) => files.has(path));
  return { properties, unproved, rewritten, seconds: (performance.now() - startedAtMs) / 1000 };
}

function outcomeOf(verdicts: Message[]): Outcome {
  if (verdicts.some(({ message }) => message.includes("happens here"))) return "refuted";
  return verdicts.length > 0 && verdicts.every(({ errorCode }) => errorCode === SAFE) ? "proved" : "not proved";
}

/** The external functions of a contract, each with the sentence above it and where it stands, in bytes. */
function propertiesOf(source: string): { name: string; sentence: string; start: number; end: number }[] {
  return [...source.matchAll(/ {4}\/\/\/ ([^\n]+(?:\n {4}\/\/\/ [^\n]+)*)\n {4}function (\w+)[\s\S]*?\n {4}\}/g)].map(
    ({ 0: whole, 1: sentence = "", 2: name = "", index }) => ({
      name,
      sentence: sentence.replaceAll(/\n {4}\/\/\/ /g, " "),
      start: Buffer.byteLength(source.slice(0, index)),
      end: Buffer.byteLength(source.slice(0, index + whole.length)),
    }),
  );
}

function isIn(source: string, at: number): boolean {
  return propertiesOf(source).some(({ start, end }) => at >= start && at <= end);
}
