import type { ContextPacket, Json } from "@hireforhumans/protocol";

/** Words a minute of silent reading of non-fiction in English: M. Brysbaert 2019, Journal of Memory and Language 109. */
const WORDS_A_MINUTE = 238;
/** Who skims is some times as fast; nobody reads at four times that. */
const SKIMMING = 4;
/** Less than this is taken in at a glance. */
const LEAST_WORDS = 100;

/**
 * Whether evidence came sooner than its worker can have read what it is about. A hint that somebody should look, never a
 * reason to fail: the worker may know the case.
 * @param seconds from acceptance to submission
 */
export function isHurried(packet: ContextPacket, seconds: number): boolean {
  const words = countWords([packet.goal, packet.question, packet.summary, packet.constraints, packet.transcript]);
  return words >= LEAST_WORDS && seconds < words / ((SKIMMING * WORDS_A_MINUTE) / 60);
}

function countWords(value: Json): number {
  if (typeof value === "string") return value.match(/\p{L}+/gu)?.length ?? 0;
  if (value === null || typeof value !== "object") return 0;
  return Object.values(value).reduce<number>((sum, entry) => sum + countWords(entry), 0);
}
