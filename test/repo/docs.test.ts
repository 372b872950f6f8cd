import { expect } from "chai";
import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFile(join(root, path), "utf8");

async function pages(): Promise<string[]> {
  const folders = ["docs", "contracts", "packages"];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(root, folder), { recursive: true });
      return entries
        .filter((entry) => entry.endsWith(".md") && !entry.includes("node_modules"))
        .map((entry) => join(folder, entry));
    }),
  );
  return ["README.md", "ARCHITECTURE.md", ...found.flat()];
}

describe("the documents", () => {
  it("link to pages that are there", async () => {
    const broken: string[] = [];
    for (const page of await pages()) {
      for (const [, target = ""] of (await read(page)).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const path = join(root, normalize(join(dirname(page), target)));
        await access(path).catch(() => broken.push(`${page} -> ${target}`));
      }
    }
    expect(broken).to.deep.equal([]);
  });

  it("name only commands that package.json has", async () => {
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    const unknown: string[] = [];
    for (const page of await pages()) {
      for (const [, command = ""] of (await read(page)).matchAll(/npx pnpm@12 (?:run )?([\w:-]+)/g)) {
        if (!["exec", "install"].includes(command) && !(command in scripts)) unknown.push(`${page}: ${command}`);
      }
    }
    expect(unknown).to.deep.equal([]);
  });

  it("show in the README the examples that the client's tests run", async () => {
    const readme = await read("README.md");
    for (const example of ["agent-rest.ts", "agent-wallet.ts"]) {
      const code = (await read(`packages/client/examples/${example}`)).trim();
      expect(readme, example).to.include(`\`\`\`ts\n${code}\n\`\`\``);
    }
  });
});
