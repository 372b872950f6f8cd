import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readSecretFiles } from "../../src/secret-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hireforhumans-secrets-"));
  await writeFile(join(folder, "key"), `0x${"11".repeat(32)}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

it("takes a secret from its file, without the line's end", () => {
  const env = readSecretFiles({ RELAYER_PRIVATE_KEY_FILE: join(folder, "key"), DATABASE_URL_FILE: "", PORT: "1" });
  expect(env).toMatchObject({ RELAYER_PRIVATE_KEY: `0x${"11".repeat(32)}`, PORT: "1" });
  expect(env["DATABASE_URL"]).toBeUndefined();
});

it("takes no file for what is no secret", () => {
  expect(readSecretFiles({ PORT_FILE: join(folder, "key") })["PORT"]).toBeUndefined();
});

it("names each file that is not there and each secret that is given twice, and shows none", () => {
  const read = () =>
    readSecretFiles({
      DATABASE_URL_FILE: join(folder, "nothing"),
      RELAYER_PRIVATE_KEY: "0xsecret",
      RELAYER_PRIVATE_KEY_FILE: join(folder, "key"),
    });
  expect(read).toThrow(/DATABASE_URL_FILE is ".*nothing", which can't be read: ENOENT/);
  expect(read).toThrow(/RELAYER_PRIVATE_KEY and RELAYER_PRIVATE_KEY_FILE are both set/);
  expect(read).not.toThrow(/0xsecret|1111/);
});
