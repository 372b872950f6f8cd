import { Readable } from "node:stream";
import { mediaTypeOf, networkFailureOf, type PublicContent, safetyOf } from "@hireforhumans/oracle";
import type { Context } from "../context.ts";
import { FileTooLarge, type ReceivedFile } from "./files.ts";
import { allowedTypes } from "./uploads.ts";

/** What stood at an address: kept like a file, or why it was not, for both sides to read. */
export type KeptPage =
  | { copy: { sha256: string; media_type: string; size_bytes: number }; problem: null; leads_to: null }
  | { copy: null; problem: string; leads_to: string | null };

/** A page with its pictures inside, a report, a picture; not a film. */
const maxBytes = 5 * 1024 ** 2;

/** What people hand in as files, and what pages are made of. */
const keptTypes: ReadonlySet<string> = new Set([...allowedTypes, "application/xml", "text/html"]);

class NotKept extends Error {}

/** The server, not our disk or database, is at fault. */
class BrokeOff extends Error {}

async function* read(content: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of content) yield chunk as Buffer;
  } catch (error) {
    throw new BrokeOff("what a server sent broke off", { cause: error });
  }
}

/**
 * Fetches what stands at an address, by the network rules of webhooks, and keeps it by the hash of its content. Runs
 * nothing, follows nothing and signs in nowhere. Call it outside of transactions.
 */
export async function keepPage(
  { db, files, network, log }: Pick<Context, "db" | "files" | "network" | "log">,
  url: string,
  signal?: AbortSignal,
): Promise<KeptPage> {
  const none = (problem: string, leads_to: string | null = null): KeptPage => ({ copy: null, problem, leads_to });
  let page: PublicContent;
  try {
    page = await network.open(new URL(url), signal === undefined ? {} : { signal });
  } catch (error) {
    log.debug({ err: error }, "a link could not be opened");
    return none(failures[networkFailureOf(error)]);
  }
  const { status, location, content } = page;
  if (status !== 200) {
    content.destroy();
    const leadsTo = location === undefined ? null : (URL.parse(location, url)?.href.slice(0, 2048) ?? null);
    return none(
      `its server answered with status ${status}${leadsTo === null ? "" : ", which leads elsewhere"}`,
      leadsTo,
    );
  }
  try {
    const copy = await files.put(Readable.from(read(content)), maxBytes, (received) =>
      accept(received, page.mediaType),
    );
    await db
      .insertInto("files")
      .values({ sha256: copy.sha256, size: BigInt(copy.size_bytes), media_type: copy.media_type })
      .onConflict((conflict) => conflict.column("sha256").doNothing())
      .execute();
    return { copy, problem: null, leads_to: null };
  } catch (error) {
    if (error instanceof FileTooLarge) return none(`it has more than the ${maxBytes} bytes that are kept`);
    if (error instanceof NotKept) return none(error.message);
    if (!(error instanceof BrokeOff)) throw error;
    log.debug({ err: error.cause }, "a link broke off");
    const late = networkFailureOf(error.cause) === "late";
    return none(late ? failures.late : "what its server sent broke off, or can't be unpacked");
  }
}

const failures = {
  not_public: "it is not at a public https address",
  unresolved: "the name of its host does not resolve",
  refused: "its server refused the connection",
  late: "its server did not answer in time",
  failed: "the connection to its server failed",
} as const;

async function accept(received: ReceivedFile, stated: string) {
  if (received.size === 0) throw new NotKept("nothing stands there");
  const byContent = await mediaTypeOf(received.head);
  const media_type = byContent === "text/plain" && isMarkup(stated, received.head) ? "text/html" : byContent;
  if (!keptTypes.has(media_type)) throw new NotKept(`what stands there is ${media_type}, which is not kept`);
  const safety = await safetyOf(received.content());
  if (!safety.safe) throw new NotKept(`what stands there is refused: ${safety.detail}`.slice(0, 400));
  return { sha256: received.sha256, media_type, size_bytes: received.size };
}

const isMarkup = (stated: string, head: Uint8Array): boolean =>
  stated === "text/html" ||
  stated === "application/xhtml+xml" ||
  /^\s*<(?:!doctype html|html)\b/i.test(Buffer.from(head).toString("utf8"));
