import { expect } from "chai";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFile(join(root, path), "utf8");

/** The lines of one top-level section of a YAML file. */
function sectionOf(yaml: string, name: string): string[] {
  const lines = yaml.split("\n");
  const begin = lines.indexOf(`${name}:`);
  const end = lines.findIndex((line, index) => index > begin && /^\S/.test(line));
  return begin < 0 ? [] : lines.slice(begin + 1, end < 0 ? undefined : end);
}

describe("the dependencies", () => {
  it("all come from the registry, each with the hash of its content", async () => {
    const packages = sectionOf(await read("pnpm-lock.yaml"), "packages");
    const names = packages.filter((line) => /^ {2}\S.*:$/.test(line));
    const resolutions = packages.filter((line) => /^ {4}resolution:/.test(line));
    expect(names.length).to.be.greaterThan(300);
    expect(resolutions.length).to.equal(names.length);
    const others = resolutions.filter((line) => !/^ {4}resolution: \{integrity: sha512-[\w+/=]+\}$/.test(line));
    expect(others, "not by their hash alone: from git, a URL or a folder").to.deep.equal([]);
    expect(names.filter((line) => /@(?:https?:|git|file:|link:)/.test(line))).to.deep.equal([]);
  });

  it("run nothing at install but what is named", async () => {
    const allowed = sectionOf(await read("pnpm-workspace.yaml"), "allowBuilds")
      .filter((line) => line.trim().endsWith(": true"))
      .map((line) =>
        line
          .trim()
          .replace(/"?: true$/, "")
          .replace(/^"/, ""),
      );
    expect(allowed).to.deep.equal(["node"]);
    for (const file of [
      "package.json",
      ...(await readdir(join(root, "packages"))).map((name) => `packages/${name}/package.json`),
    ]) {
      const { scripts = {} } = JSON.parse(await read(file)) as { scripts?: Record<string, string> };
      const atInstall = ["preinstall", "install", "postinstall", "prepare"].filter((name) => name in scripts);
      expect(atInstall, file).to.deep.equal([]);
    }
  });
});
