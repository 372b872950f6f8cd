import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StoredRecord } from "../../src/records/record.ts";
import { createDiskRecordStore } from "../../src/records/store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hireforhumans-records-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const answer = (name: string): StoredRecord => ({
  kind: "confirmation",
  token_hash: name,
  job_id: "job_1",
  worker: "0x1",
  statement: "line one\nline two \u2028 and \u{1F642}",
  answer: "confirmed",
  answered_at: "2026-01-01T00:00:00.000Z",
  expires_at: "2026-01-08T00:00:00.000Z",
});

async function read(): Promise<{ names: string[]; unreadable: string[]; first: StoredRecord | undefined }> {
  const unreadable: string[] = [];
  const records: StoredRecord[] = [];
  for await (const record of createDiskRecordStore(folder).read((where) => unreadable.push(where)))
    records.push(record);
  const names = records.map((record) => (record.kind === "confirmation" ? record.token_hash : ""));
  return { names, unreadable, first: records[0] };
}

const packs = async () => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jsonl"));

describe("the record store", () => {
  it("gives back each record as it was, to another process, in the order of writing", async () => {
    const store = createDiskRecordStore(folder);
    for (const name of ["a", "b", "c"]) await store.put(answer(name));
    const { names, first } = await read();
    expect(names).toEqual(["a", "b", "c"]);
    expect(first).toEqual(answer("a"));
  });

  it("lets many that come at once share a few waits for the disk", async () => {
    const store = createDiskRecordStore(folder);
    const wanted = Array.from({ length: 200 }, (_, index) => `r${index}`);
    await Promise.all(wanted.map((name) => store.put(answer(name))));
    expect((await read()).names.sort()).toEqual(wanted.sort());
    expect((await packs()).length).toBeLessThan(10);
  });

  it("refuses what the disk refuses, and goes on when the disk does", async () => {
    await writeFile(join(folder, "blocked"), "a file, where a folder is needed");
    const store = createDiskRecordStore(join(folder, "blocked"));
    await expect(store.put(answer("lost"))).rejects.toThrow(/EEXIST|ENOTDIR/);
    await rm(join(folder, "blocked"));
    await store.put(answer("kept"));
    folder = join(folder, "blocked");
    expect((await read()).names).toEqual(["kept"]);
  });

  it("tells of a line that is no record, and reads the others", async () => {
    const store = createDiskRecordStore(folder);
    await store.put(answer("a"));
    const [pack = ""] = await packs();
    await writeFile(join(folder, pack), '{"kind":"confirm\n', { flag: "a" });
    await store.put(answer("b"));
    const { names, unreadable } = await read();
    expect(names).toEqual(["a", "b"]);
    expect(unreadable).toEqual([`${join(folder, pack)}:2`]);
  });
});
