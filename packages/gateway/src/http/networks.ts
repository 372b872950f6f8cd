import { isIPv6 } from "node:net";

/**
 * Whose an address is, as far as a stranger can tell: an IPv4 address, also one mapped into IPv6, stands for itself, an
 * IPv6 address for its /64, of which one household or office has all 2^64 addresses.
 */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  // What names a network card of this machine is no part of the address.
  const { hostname } = new URL(`http://[${ip.replace(/%.*$/, "")}]`);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(8 - groups.length - after.length).fill("0");
  const all = [...groups, ...zeros, ...after];
  return all.slice(0, 6).join(":") === "0:0:0:0:0:ffff" ? mappedIn(all) : all.slice(0, 4).join(":");
}

function mappedIn(groups: readonly string[]): string {
  const bytes = groups.slice(6).flatMap((group) => {
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 255];
  });
  return bytes.join(".");
}
