import { expect } from "chai";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Which packages each may import; the console and the agents come through the front door, so nobody may the gateway. */
const mayImport: Record<string, string[]> = {
  protocol: [],
  client: ["protocol"],
  signers: [],
  oracle: ["protocol", "client", "signers"],
  gateway: ["protocol", "client", "signers", "oracle"],
  triggers: [],
  "agent-tools": ["protocol", "client"],
  console: ["protocol", "client"],
};

/** Which folders of contracts each may import: outward calls go through interfaces that escrow owns. */
const contractsMayImport: Record<string, string[]> = {
  signing: ["signing"],
  escrow: ["escrow", "signing"],
  reputation: ["reputation", "escrow"],
  arbitration: ["arbitration", "escrow", "signing"],
  committee: ["committee"],
  testing: ["testing", "escrow", "reputation", "arbitration", "committee"],
};

async function filesIn(folder: string, endings: string[]): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true });
  return entries
    .filter((entry) => endings.some((ending) => entry.endsWith(ending)) && !entry.includes("node_modules"))
    .map((entry) => join(folder, entry));
}

const specifiers = (source: string): string[] =>
  [...source.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? "");

async function importsOf(file: string): Promise<string[]> {
  return specifiers(await readFile(join(root, file), "utf8"));
}

describe("the arrows between the packages", () => {
  it("go one way only", async () => {
    const wrong: string[] = [];
    for (const name of await readdir(join(root, "packages"))) {
      expect(mayImport, `packages/${name} has no place in this test's table`).to.have.property(name);
      for (const file of await filesIn(join("packages", name, "src"), [".ts", ".tsx"])) {
        for (const specifier of await importsOf(file)) {
          const imported = /^@hireforhumans\/([\w-]+)/.exec(specifier)?.[1];
          if (imported !== undefined && !mayImport[name]?.includes(imported))
            wrong.push(`${file} imports ${specifier}`);
        }
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it("do not leave a package by a path", async () => {
    const wrong: string[] = [];
    for (const file of await filesIn("packages", [".ts", ".tsx"])) {
      if (!/^packages\/[^/]+\/src\//.test(file)) continue;
      const home = file.split("/").slice(0, 3).join("/");
      for (const specifier of (await importsOf(file)).filter((each) => each.startsWith("."))) {
        const target = normalize(join(dirname(file), specifier));
        if (!target.startsWith(`${home}/`)) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it("have the gateway's parts know nothing of how they are put together", async () => {
    const wrong: string[] = [];
    for (const file of await filesIn("packages/gateway/src", [".ts"])) {
      if (/^packages\/gateway\/src\/[^/]+$/.test(file)) continue;
      for (const specifier of await importsOf(file)) {
        if (/\/(gateway|gateway-app|gateway-work|main|index)\.ts$/.test(specifier))
          wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});

describe("the arrows between the contracts", () => {
  it("go one way only", async () => {
    const wrong: string[] = [];
    for (const file of await filesIn("contracts", [".sol"])) {
      const home = file.split("/")[1] ?? "";
      for (const specifier of (await importsOf(file)).filter((each) => each.startsWith("."))) {
        const target = normalize(join(dirname(file), specifier)).split("/")[1] ?? "";
        if (!contractsMayImport[home]?.includes(target)) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});
