/** @param key names what is read, and so its type */
export type BlockMemory = <T>(blockHash: string, key: string, read: () => Promise<T>) => Promise<T>;

/** Remembers what was read as of one block, which never changes, until it is asked about another. */
export function createBlockMemory(): BlockMemory {
  let ofBlock = "";
  let reads = new Map<string, Promise<unknown>>();
  return <T>(blockHash: string, key: string, read: () => Promise<T>) => {
    if (blockHash !== ofBlock) {
      ofBlock = blockHash;
      reads = new Map();
    }
    const known = reads;
    const reading = (known.get(key) as Promise<T> | undefined) ?? read();
    known.set(key, reading);
    reading.catch(() => known.delete(key));
    return reading;
  };
}
