import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredRecord } from "./record.ts";

/** Records by the order of their writing. Nothing in it is ever changed; the same record twice does no harm. */
export interface RecordStore {
  /** Resolves once the record can't be lost to a power cut any more. Rejects where the disk refuses it. */
  put(record: StoredRecord): Promise<void>;
  /** All of them, those of one moment in any order. @param onUnreadable is told of each line that is no record */
  read(onUnreadable?: (where: string) => void): AsyncIterable<StoredRecord>;
}

const INCOMING = "incoming";
const PACK = /^\d{13}-[0-9a-f-]{36}\.jsonl$/;

/**
 * Records on a local disk or a volume that all gateways share: packs of JSON lines, in a folder a day. What comes while a
 * pack is written goes into the next one together, so that many records share the two waits for the disk that each pack
 * costs, and a lone record waits for nobody.
 */
export function createDiskRecordStore(folder: string): RecordStore {
  let waiting: StoredRecord[] = [];
  let next: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function writeNext(): Promise<void> {
    const records = waiting;
    waiting = [];
    next = undefined;
    await writePack(folder, records);
  }

  return {
    put(record) {
      waiting.push(record);
      if (next === undefined) {
        next = writing.then(writeNext);
        // Whoever waits for a pack hears of its failure; the next one has to go on after it.
        writing = next.catch(() => undefined);
      }
      return next;
    },
    async *read(onUnreadable) {
      for (const day of await namesIn(folder, /^\d{4}-\d{2}-\d{2}$/)) {
        for (const pack of await namesIn(join(folder, day), PACK))
          yield* readPack(join(folder, day, pack), onUnreadable);
      }
    },
  };
}

async function writePack(folder: string, records: readonly StoredRecord[]): Promise<void> {
  const now = new Date();
  const name = `${now.getTime()}-${randomUUID()}.jsonl`;
  const day = join(folder, now.toISOString().slice(0, 10));
  const incoming = join(folder, INCOMING, name);
  await mkdir(join(folder, INCOMING), { recursive: true });
  await mkdir(day, { recursive: true });
  try {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    await writeFile(incoming, text, { flag: "wx", flush: true });
    await rename(incoming, join(day, name));
    await syncFolder(day);
  } catch (error) {
    await rm(incoming, { force: true });
    throw error;
  }
}

/** A new name must not be lost to a power cut either. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* readPack(path: string, onUnreadable?: (where: string) => void): AsyncIterable<StoredRecord> {
  // Not by readline, which ends a line at U+2028 too: JSON leaves it as it is.
  const lines = (await readFile(path, "utf8")).split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const [index, text] of lines.entries()) {
    try {
      yield JSON.parse(text) as StoredRecord;
    } catch {
      onUnreadable?.(`${path}:${index + 1}`);
    }
  }
}

async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
