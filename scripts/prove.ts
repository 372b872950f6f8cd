/**
 * `npx pnpm@12 prove`: has a solver prove the arithmetic of the contracts, see docs/proofs.md. Prints a line for each property:
 * proved, refuted or not proved (the solver gave up). Exits 1 when one is not proved.
 *
 * --write: writes docs/proofs.md.
 */
import { glob, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { check, version, type Proofs } from "./prove/check.ts";
import { rewritings } from "./prove/rewritings.ts";

const PAGE = new URL("../docs/proofs.md", import.meta.url);
const TEMPLATE = new URL("prove/page.md", import.meta.url);

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const paths: string[] = [];
for await (const path of glob("test/proofs/*Proof.sol", { cwd: fileURLToPath(new URL("..", import.meta.url)) }))
  paths.push(path);

const parts: string[] = [];
let proved = 0;
let failed = 0;
for (const path of paths.sort()) {
  const proofs = check(path);
  console.log(`${path}, ${proofs.seconds.toFixed(0)} s`);
  for (const { name, sentence, outcome } of proofs.properties) console.log(`  ${outcome}: ${name}: ${sentence}`);
  for (const message of proofs.unproved) console.error(message);
  const good = proofs.properties.filter(({ outcome }) => outcome === "proved").length;
  proved += good;
  failed += proofs.properties.length - good + proofs.unproved.length;
  parts.push(partOf(path, proofs));
}
console.log(`${proved} proved, ${failed} not`);
if (values.write) {
  const parameters: Record<string, string> = {
    version,
    proofs: parts.join("\n\n"),
    rewritings: [
      "| source | deployed | proved |",
      "| --- | --- | --- |",
      ...rewritings.map(({ path, deployed, proved }) => `| ${path} | \`${deployed}\` | \`${proved}\` |`),
    ].join("\n"),
  };
  const template = await readFile(TEMPLATE, "utf8");
  const text = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => parameters[name] ?? "");
  await writeFile(PAGE, await format(text, { parser: "markdown", printWidth: 120 }));
}
if (failed > 0) process.exitCode = 1;

function partOf(path: string, { properties, rewritten, seconds }: Proofs): string {
  const how =
    rewritten.length === 0
      ? "Of the deployed source."
      : `Of the deployed source but for ${rewritten.length} expressions, see below.`;
  return [
    `### [${path.slice(path.lastIndexOf("/") + 1)}](../${path}): ${properties.length} properties, ${seconds.toFixed(0)} s`,
    "",
    how,
    "",
    "| property | outcome | sentence |",
    "| --- | --- | --- |",
    ...properties.map(({ name, outcome, sentence }) => `| \`${name}\` | ${outcome} | ${sentence} |`),
  ].join("\n");
}
