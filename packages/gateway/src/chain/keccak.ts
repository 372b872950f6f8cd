import { keccak256 } from "ethers";
import { createKeccak } from "hash-wasm";

/**
 * Lets ethers hash in WebAssembly, which takes a tenth of what its JavaScript does: every job's id, packet, addresses and
 * signed bytes go through it. For the whole process; idempotent.
 */
export async function hashInWasm(): Promise<void> {
  const hasher = await createKeccak(256);
  keccak256.register((data) => hasher.init().update(data).digest("binary"));
}
