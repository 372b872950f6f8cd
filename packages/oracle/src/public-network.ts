import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { type Readable, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, request } from "undici";

export interface NetworkRules {
  /** Development only: this machine may be reached, and without TLS. */
  allowLoopback: boolean;
  /** How a name becomes addresses. Default: the system's resolver. */
  lookup?: LookupFunction;
}

const loopback = [
  ["127.0.0.0", 8, "ipv4"],
  ["::1", 128, "ipv6"],
] as const;

/** What is not a public address: IANA's special-purpose registries for IPv4 and IPv6, and what translates into them. */
const inner = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  ["::", 128, "ipv6"],
  // Addresses that a translator turns into IPv4 ones: NAT64, Teredo, 6to4, and the long dead compatible form.
  ["::", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["100::", 64, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["3fff::", 20, "ipv6"],
  ["5f00::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fec0::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
] as const;

function blockListOf({ allowLoopback }: NetworkRules): BlockList {
  const list = new BlockList();
  for (const [net, prefix, type] of inner) {
    // ::/96 holds ::1, which is refused by its own row where it is refused.
    if (allowLoopback && net === "::" && prefix === 96) continue;
    list.addSubnet(net, prefix, type);
  }
  if (!allowLoopback) for (const [net, prefix, type] of loopback) list.addSubnet(net, prefix, type);
  return list;
}

export interface PublicAnswer {
  status: number;
  /** At most `maxBytes`; what follows is cut off. */
  body: string;
}

export interface PublicRequest {
  method: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

/** What stands at an address. */
export interface PublicContent {
  status: number;
  /** As the server calls it, in lowercase and without parameters; empty where it does not say. */
  mediaType: string;
  /** Where a redirect leads; undefined for other answers. */
  location: string | undefined;
  /** Unpacked, of any length: read no more of it than you have room for, or destroy it. Breaks off when the time is over. */
  content: Readable;
}

/** The address is not one that may be called. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

/** HTTP to the public internet, for addresses that strangers name. */
export interface PublicNetwork {
  /**
   * Why a URL may not be called, or undefined. Names are looked up; one that does not resolve (yet) is let pass, since
   * each connection is checked again.
   */
  refusalOf(url: string): Promise<string | undefined>;
  /** Follows no redirect. @throws where there is no answer in time, or the address is not public */
  request(url: URL, options: PublicRequest): Promise<PublicAnswer>;
  /** Opens what stands at an address, by the same rules; all of it has to come within 10 s. @throws as `request` */
  open(url: URL, options: { signal?: AbortSignal }): Promise<PublicContent>;
  close(): Promise<void>;
}

const timeoutMs = 10_000;
const lookupMs = 2_000;
const maxBytes = 64 * 1024;

export function createPublicNetwork(rules: NetworkRules): PublicNetwork {
  const blockList = blockListOf(rules);
  // What is connected to is what this look-up gives, so no rebinding passes it. Node checks `blockList` too, though not
  // where it speaks TLS.
  const agent = new Agent({
    connect: { blockList, timeout: timeoutMs, lookup: guarded(rules.lookup ?? systemLookup, blockList) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  function send(url: URL, { method, headers = {}, body, signal }: PublicRequest) {
    const refusal = refusalOfForm(url, rules) ?? refusalOfAddress(hostOf(url), blockList);
    if (refusal !== undefined) throw new AddressRefused(refusal);
    const limit = AbortSignal.timeout(timeoutMs);
    return request(url, {
      dispatcher: agent,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  }

  return {
    refusalOf: (text) => refusalOf(text, rules, blockList),
    async request(url, options) {
      const { statusCode, body } = await send(url, options);
      return { status: statusCode, body: await readUpTo(body, maxBytes) };
    },
    async open(url, options) {
      const headers = { accept: "*/*", "accept-encoding": "identity", "user-agent": "HireForHumans" };
      const { statusCode, headers: said, body } = await send(url, { method: "GET", headers, ...options });
      return {
        status: statusCode,
        mediaType: (textOf(said["content-type"]).split(";")[0] ?? "").trim().toLowerCase(),
        location: statusCode >= 300 && statusCode < 400 ? textOf(said["location"]) : undefined,
        content: heard(unpacked(body, textOf(said["content-encoding"]).trim().toLowerCase())),
      };
    },
    close: () => agent.close(),
  };
}

/** What went wrong with a call, by kind: `error` may name inner addresses, so callers tell this and not that. */
export function networkFailureOf(error: unknown): "not_public" | "unresolved" | "refused" | "late" | "failed" {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_IP_BLOCKED" || error instanceof AddressRefused) return "not_public";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "unresolved";
  if (code === "ECONNREFUSED") return "refused";
  const late = error instanceof Error && (error.name === "TimeoutError" || code.includes("TIMEOUT"));
  return late ? "late" : "failed";
}

const textOf = (header: string | string[] | undefined): string =>
  (Array.isArray(header) ? header[0] : header)?.slice(0, 2048) ?? "";

/** Whoever reads gets the error; who destroys it unread is not to be ended by it. */
const heard = (content: Readable): Readable => content.on("error", () => undefined);

/** Servers that pack what was asked for plain exist. Whoever reads counts what comes out, so a bomb ends there. */
function unpacked(body: Readable, encoding: string): Readable {
  if (encoding === "" || encoding === "identity") return body;
  const decoder =
    encoding === "gzip" || encoding === "x-gzip"
      ? createGunzip()
      : encoding === "deflate"
        ? createInflate()
        : encoding === "br"
          ? createBrotliDecompress()
          : undefined;
  if (decoder === undefined) {
    heard(body).destroy();
    throw new Error(`the answer is packed as ${encoding}`);
  }
  // What breaks reaches the reader through the decoder.
  return pipeline(body, decoder, () => undefined);
}

async function refusalOf(text: string, rules: NetworkRules, blockList: BlockList): Promise<string | undefined> {
  if (!URL.canParse(text)) return "it is not a URL";
  const url = new URL(text);
  const host = hostOf(url);
  const refusal = refusalOfForm(url, rules) ?? refusalOfAddress(host, blockList);
  if (refusal !== undefined || isIP(host) !== 0) return refusal;
  for (const address of await addressesOf(host, rules.lookup ?? systemLookup)) {
    const problem = refusalOfAddress(address, blockList);
    if (problem !== undefined) return "its name resolves to an address that is not public";
  }
  return undefined;
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

function refusalOfForm(url: URL, { allowLoopback }: NetworkRules): string | undefined {
  if (url.protocol !== "https:" && !(allowLoopback && url.protocol === "http:")) {
    return `it has to begin with https://, not ${url.protocol}//`;
  }
  if (url.username !== "" || url.password !== "") return "it must not carry a user name or password";
  if (!allowLoopback && /(^|\.)(localhost|local|internal)\.?$/i.test(url.hostname))
    return "its name is not a public one";
  return undefined;
}

function refusalOfAddress(host: string, blockList: BlockList): string | undefined {
  const version = isIP(host);
  if (version === 0) return undefined;
  return blockList.check(host, version === 6 ? "ipv6" : "ipv4") ? "its address is not a public one" : undefined;
}

/** Fails with Node's own ERR_IP_BLOCKED where a name leads to an address that is not public, be it one of several. */
function guarded(lookup: LookupFunction, blockList: BlockList): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, found, family) => {
      const blocked = error === null && listOf(found).some((address) => refusalOfAddress(address, blockList));
      const refusal = Object.assign(new Error(`${host} resolves to an address that is not public`), {
        code: "ERR_IP_BLOCKED",
      });
      callback(blocked ? refusal : error, found, family);
    });
  };
}

const listOf = (found: string | LookupAddress[]): string[] =>
  typeof found === "string" ? [found] : found.map(({ address }) => address);

async function addressesOf(host: string, lookup: LookupFunction): Promise<string[]> {
  const found = new Promise<string[]>((resolve) => {
    lookup(host, { all: true }, (error, addresses: string | LookupAddress[]) => {
      // It may resolve by the time something is sent, and that connection is checked.
      resolve(error === null ? listOf(addresses) : []);
    });
  });
  const late = new Promise<string[]>((resolve) => setTimeout(resolve, lookupMs, []).unref());
  return Promise.race([found, late]);
}

async function readUpTo(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString("utf8");
}
