/**
 * `npx pnpm@12 generate [--check]`: writes what follows from other sources and is committed all the same:
 * ABIs and TypeChain types (from the compiled contracts), docs/errors.md (from the error table), docs/configuration.md
 * (from the gateway's settings) and the table of docs/security.md (from the gateway's authorization test).
 * With --check nothing is written, and the exit code is 1 when something committed is stale.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { configurationPage } from "./generate/configuration-page.ts";
import { errorsPage } from "./generate/errors-page.ts";
import { securityPage } from "./generate/security-page.ts";
import { contractTypes } from "./generate/contract-types.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Files by absolute path, and folders in which no other file may be. */
interface Output {
  files: Map<string, string>;
  ownedFolders: string[];
}

async function generate(): Promise<Output> {
  const generated = join(root, "packages", "protocol", "src", "generated");
  const files = new Map<string, string>();
  for (const [name, content] of await contractTypes(root)) files.set(join(generated, name), content);
  files.set(join(root, "docs", "errors.md"), await errorsPage());
  files.set(join(root, "docs", "configuration.md"), await configurationPage());
  files.set(join(root, "docs", "security.md"), await securityPage(root));
  return { files, ownedFolders: [generated] };
}

async function staleFiles({ files, ownedFolders }: Output): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, content] of files) {
    if ((await readFile(path, "utf8").catch(() => undefined)) !== content) stale.push(path);
  }
  for (const folder of ownedFolders) {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !files.has(path)) stale.push(path);
    }
  }
  return stale;
}

async function write(output: Output, stale: string[]): Promise<void> {
  for (const path of stale) {
    const content = output.files.get(path);
    if (content === undefined) {
      await rm(path);
    } else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }
}

const output = await generate();
const stale = await staleFiles(output);
const names = stale.map((path) => relative(root, path));
if (!process.argv.includes("--check")) {
  await write(output, stale);
  console.log(stale.length === 0 ? "All generated files are fresh." : `Wrote ${names.join(", ")}`);
} else if (stale.length > 0) {
  console.error(`Stale: ${names.join(", ")}. Run \`npx pnpm@12 generate\` and commit what it writes.`);
  process.exitCode = 1;
} else {
  console.log("All generated files are fresh.");
}
