import { Resolver } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { ApiError } from "@hireforhumans/protocol";
import type { Config } from "../config.ts";

/**
 * IPv4 that no webhook may reach: this host, private, shared, link-local (metadata services), benchmark, documentation,
 * multicast and reserved ranges of https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const blockedV4: [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/**
 * IPv6 outside of 2000::/3, where all public addresses are, and what is not public in there: Teredo and other protocol
 * assignments, documentation, 6to4 (https://www.iana.org/assignments/iana-ipv6-special-registry). IPv4-mapped and NAT64
 * addresses stand in the first range: whoever means an IPv4 address can write it.
 */
const blockedV6: [string, string][] = [
  ["::2", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
];

/** The addresses that are refused, at creation by us and at each connection by the socket itself. */
export function blockedTargets({ allowLoopback }: Pick<Config, "allowLoopback">): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of blockedV4) list.addSubnet(net, prefix, "ipv4");
  for (const [first, last] of blockedV6) list.addRange(first, last, "ipv6");
  list.addAddress("::", "ipv6");
  if (allowLoopback) return list;
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addAddress("::1", "ipv6");
  return list;
}

/** Names that mean this host wherever they are looked up (RFC 6761). */
const isLoopbackName = (host: string): boolean => /(?:^|\.)localhost\.?$/.test(host);

const LOOKUP_TIMEOUT_MS = 1_000;

/**
 * Refuses a webhook URL that leads to where callers have no business. A name that does not resolve now is accepted: it
 * is looked up and checked at each connection.
 * @throws ApiError webhook_url_not_allowed
 */
export async function requireReachable(
  config: Pick<Config, "allowLoopback">,
  text: string,
  param: string,
): Promise<void> {
  const refuse = (why: string): never => {
    throw new ApiError("webhook_url_not_allowed", `${param}: ${why}. Send a public https URL.`, { param });
  };
  const url = new URL(text);
  if (url.protocol !== "https:" && !config.allowLoopback) refuse(`it starts with ${url.protocol}//`);
  if (url.username !== "" || url.password !== "") refuse("it has credentials in it; send them as webhook_headers");
  // The URL parser has made decimal, octal and hex forms of IPv4 plain.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isLoopbackName(host)) {
    if (!config.allowLoopback) refuse(`${host} is this server itself`);
    return;
  }
  const list = blockedTargets(config);
  for (const address of isIP(host) === 0 ? await addressesOf(host) : [host]) {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (list.check(address, family)) refuse(`${host} leads to ${address}, which is not a public address`);
  }
}

/** What the name means now; nothing where it can't be told in time. */
async function addressesOf(host: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: 1 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}
