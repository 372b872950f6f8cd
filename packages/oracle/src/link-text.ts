import { createHash } from "node:crypto";
import { Parser } from "htmlparser2";
import type { LinkCopy, Sources } from "./check.ts";

/** What a link's copy says: its text as a reader sees it, or that it has none; `altered` where it is not what was kept. */
export type LinkText = { state: "text"; text: string } | { state: "no_text" } | { state: "altered" };

const readable = /^(?:text\/|application\/(?:json|xml|xhtml\+xml)$)/;
const markup = /^(?:text\/html|application\/(?:xml|xhtml\+xml))$/;
/** What stands in these is not read by people. */
const unseen: ReadonlySet<string> = new Set(["script", "style", "template", "noscript"]);

/** Reads the copy of a link and checks its hash. Nothing in it is run, and nothing that it names is loaded. */
export async function textOfLink(
  { sha256, mediaType }: NonNullable<LinkCopy["copy"]>,
  sources: Pick<Sources, "openFile">,
  signal: AbortSignal,
): Promise<LinkText> {
  const stored = await sources.openFile(sha256);
  if (stored === undefined) return { state: "altered" };
  const chunks: Buffer[] = [];
  for await (const chunk of stored.content) {
    signal.throwIfAborted();
    chunks.push(chunk as Buffer);
  }
  const content = Buffer.concat(chunks);
  if (createHash("sha256").update(content).digest("hex") !== sha256) return { state: "altered" };
  if (!readable.test(mediaType)) return { state: "no_text" };
  const text = content.toString("utf8");
  return { state: "text", text: markup.test(mediaType) ? seenOf(text) : text };
}

function seenOf(html: string): string {
  const seen: string[] = [];
  let hidden = 0;
  const parser = new Parser({
    onopentag: (name) => {
      if (unseen.has(name)) hidden += 1;
      // Words of two elements are two words.
      seen.push(" ");
    },
    onclosetag: (name) => {
      if (unseen.has(name)) hidden -= 1;
    },
    ontext: (text) => {
      if (hidden === 0) seen.push(text);
    },
  });
  parser.end(html);
  return seen.join("").replace(/\s+/gu, " ").trim();
}
