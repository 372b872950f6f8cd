import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Another process works with the folder. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";

  constructor(folder: string) {
    super(
      `The data folder ${folder} is in use by another process. Stop that one, give this one another HFH_DATA_DIR, ` +
        `or run several on one PostgreSQL by DATABASE_URL.`,
    );
  }
}

export interface FolderLock {
  release: () => void;
}

const SQLITE_BUSY = 5;

/**
 * Takes a folder for this process, and makes it where it is not there. The lock is the operating system's (SQLite's
 * exclusive file lock, since Node offers no other), so it ends with the process however that ends, and no age or pid
 * has to be guessed at.
 * @throws FolderInUse
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = new DatabaseSync(join(folder, "lock.sqlite"));
  try {
    file.exec("begin exclusive");
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new FolderInUse(folder);
    throw error;
  }
  return { release: () => file.close() };
}
