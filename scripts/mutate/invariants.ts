import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, type Sources } from "./compile.ts";
import { mutate, type Mutant } from "./mutants.ts";

const COPY = join(root, "cache", "mutation", "project");
const COPIED = ["contracts", "test", "hardhat.config.ts", "package.json", "tsconfig.json"];
const LINKED = ["node_modules", "packages", "scripts"];

/** The Solidity tests, run by Hardhat on a copy of this repository in which one contract is changed. */
export class Invariants {
  readonly #sources: Sources;
  readonly #tests: string[];

  private constructor(sources: Sources, tests: string[]) {
    this.#sources = sources;
    this.#tests = tests;
  }

  /** @throws Error where the tests don't pass on the contracts as they are */
  static async prepare(sources: Sources, tests: string[]): Promise<Invariants> {
    await rm(COPY, { recursive: true, force: true });
    await mkdir(COPY, { recursive: true });
    for (const name of COPIED) await cp(join(root, name), join(COPY, name), { recursive: true });
    for (const name of LINKED) await symlink(join(root, name), join(COPY, name));
    const invariants = new Invariants(sources, tests);
    // The tests look at artifacts of contracts that no test file imports.
    await invariants.#hardhat(["build", "--quiet"]);
    if (!(await invariants.#pass())) throw new Error(`the Solidity tests fail without any mutant, in ${COPY}`);
    return invariants;
  }

  async kill({ path, edit }: Mutant): Promise<boolean> {
    const source = this.#sources.get(path) ?? "";
    await writeFile(join(COPY, path), mutate(source, edit));
    const passed = await this.#pass();
    await writeFile(join(COPY, path), source);
    return !passed;
  }

  async #pass(): Promise<boolean> {
    return await this.#hardhat(["test", "solidity", ...this.#tests]);
  }

  /** Whether it ended well. */
  async #hardhat(args: string[]): Promise<boolean> {
    const child = spawn(join(root, "node_modules", ".bin", "hardhat"), args, { cwd: COPY, stdio: "ignore" });
    const [code] = (await once(child, "exit")) as [number | null];
    return code === 0;
  }
}
