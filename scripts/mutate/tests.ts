import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, type Sources } from "./compile.ts";
import type { Mutant } from "./mutants.ts";

/** The tests of our contracts: a folder for each concept, in it a file for each operation. */
export class Tests {
  /** Paths from the repository's root. */
  readonly mocha: string[];
  readonly solidity: string[];
  /** All that these tests are made of. */
  readonly sources: Sources;

  private constructor(sources: Sources) {
    this.sources = sources;
    this.mocha = [...sources.keys()].filter((path) => path.endsWith(".test.ts"));
    this.solidity = [...sources.keys()].filter((path) => path.endsWith(".t.sol"));
  }

  static async find(contracts: Sources): Promise<Tests> {
    const concepts = new Set([...contracts.keys()].map((path) => path.split("/")[1]));
    const paths: string[] = [];
    for await (const path of glob(`test/{${[...concepts, "support"].join()}}/**/*.{ts,sol}`, { cwd: root }))
      paths.push(path);
    const read = async (path: string) => [path, await readFile(join(root, path), "utf8")] as const;
    return new Tests(new Map(await Promise.all(paths.sort().map(read))));
  }

  /**
   * The Mocha tests of the concepts whose contracts may get other code by it, in the order in which one that kills the
   * mutant should come soonest.
   */
  orderFor({ path, operations }: Mutant, contracts: string[], durationMsOf: (file: string) => number): string[] {
    const [, concept = ""] = path.split("/");
    const concepts = contracts.map((contract) => contract.split("/")[1]);
    const rank = (file: string): number => {
      const [, folder, name = ""] = file.split("/");
      const near = operations.indexOf(name.replace(".test.ts", ""));
      if (folder === concept) return near === -1 ? operations.length : near;
      return operations.length + 1;
    };
    const files = this.mocha.filter((file) => concepts.includes(file.split("/")[1]));
    return files.sort((a, b) => rank(a) - rank(b) || durationMsOf(a) - durationMsOf(b));
  }
}
