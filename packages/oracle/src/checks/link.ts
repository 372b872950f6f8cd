import {
  type Check,
  fail,
  type Finding,
  itemsOf,
  type LinkCopy,
  type ParamsOf,
  pass,
  type Sources,
  unsure,
} from "../check.ts";
import { textOfLink } from "../link-text.ts";

/**
 * Does a link lead where the job says, to what the job says? Judged by the copy that was kept, never by looking again.
 * What could not be fetched is held against nobody: where the job asks for a link, it is left open and tried again; where
 * it does not, it is noted.
 */
export const link: Check<"link"> = {
  name: "link",
  async run({ packet, bundle, links = [] }, params, sources, signal) {
    const { required_evidence, checks } = packet.acceptance;
    const asked = required_evidence.includes("link") || checks.some(({ check }) => check === "link");
    if (itemsOf(bundle, "link").length === 0) return fail("The job asks for a link; none was handed in.");
    const looks: Look[] = [];
    for (const [item, piece] of bundle.items.entries()) {
      if (piece.kind !== "link") continue;
      looks.push(
        await lookAt(
          new URL(piece.url),
          links.find((link) => link.item === item),
          params,
          sources,
          signal,
        ),
      );
    }
    const details = { links: bundle.items.flatMap(({ kind }, item) => (kind === "link" ? [copyOf(item, links)] : [])) };
    return { ...findingOf(looks, asked), details };
  },
};

interface Look {
  result: "fits" | "misfit" | "not_kept" | "not_tried";
  /** A clause about the link. */
  why: string;
}

function findingOf(looks: readonly Look[], asked: boolean): Finding {
  const whyOf = (...results: Look["result"][]) => looks.find(({ result }) => results.includes(result))?.why;
  const kept = looks.filter(({ result }) => result === "fits").length;
  const missing = whyOf("not_kept", "not_tried");
  if (!asked) {
    if (looks.some(({ result }) => result === "not_tried")) return unsure(`Not looked at yet: ${missing ?? ""}.`);
    const noted = missing === undefined ? "" : ` The job does not ask for them, so that ${missing} decides nothing.`;
    return pass(`Of ${looks.length} links ${kept} could be kept.${noted}`);
  }
  if (kept > 0)
    return pass(`Of ${looks.length} links ${kept} ${kept === 1 ? "was" : "were"} kept and is as the job asks.`);
  return missing === undefined
    ? fail(`No link is as the job asks: ${whyOf("misfit") ?? ""}.`)
    : unsure(`It can't be told yet whether a link is as the job asks: ${missing}.`);
}

async function lookAt(
  url: URL,
  link: LinkCopy | undefined,
  { hosts, contains }: ParamsOf<"link">,
  sources: Sources,
  signal: AbortSignal,
): Promise<Look> {
  const misfit = (why: string): Look => ({ result: "misfit", why });
  const notKept = (why: string): Look => ({ result: "not_kept", why });
  const { host } = url;
  if (hosts?.some((allowed) => isAt(url.hostname, allowed)) === false) {
    return misfit(`${host} is not at ${hosts.join(" or ")}`);
  }
  if (link === undefined) return { result: "not_tried", why: `the one at ${host}` };
  if (link.copy === null)
    return notKept(`the one at ${host} could not be kept (${link.problem ?? "no reason is known"})`);
  const read = await textOfLink(link.copy, sources, signal);
  if (read.state === "altered") return notKept(`the copy of the one at ${host} is not what was kept`);
  if (contains === undefined) return { result: "fits", why: "" };
  if (read.state === "no_text")
    return notKept(`what stands at ${host} is ${link.copy.mediaType}, which has no text to read`);
  const text = comparable(read.text);
  const lacking = contains.find((words) => !text.includes(comparable(words)));
  return lacking === undefined
    ? { result: "fits", why: "" }
    : misfit(`what stood at ${host} does not hold "${lacking.slice(0, 200)}"`);
}

/** The host itself, or one under it. */
const isAt = (host: string, allowed: string): boolean =>
  host === allowed.toLowerCase() || host.endsWith(`.${allowed.toLowerCase()}`);

const comparable = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();

function copyOf(item: number, links: readonly LinkCopy[]) {
  const { copy, problem } = links.find((link) => link.item === item) ?? { copy: null, problem: null };
  return copy === null ? { item, problem } : { item, sha256: copy.sha256 };
}
