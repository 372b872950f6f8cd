import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createPublicNetwork } from "../src/index.ts";

const outside = createPublicNetwork({ allowLoopback: false });
const development = createPublicNetwork({ allowLoopback: true });

/** Ways to write an address that is not public; each was a hole in somebody's server. */
const inner = [
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0177.0.0.1/",
  "https://0.0.0.0/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.168.1.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://100.64.0.1/",
  "https://198.18.0.1/",
  "https://192.0.0.1/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://[::]/",
  "https://[::1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:a9fe:a9fe]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[fc00::1]/",
  "https://[fe80::1]/",
  "https://[ff02::1]/",
  "https://localhost/",
  "https://foo.localhost/",
  "https://printer.local/",
  "https://metadata.google.internal/",
];

describe("from a server", () => {
  test.each(inner)("%s is refused, by name and again at the connection", async (url) => {
    expect(await outside.refusalOf(url)).toBeTypeOf("string");
    await expect(outside.request(new URL(url), { method: "GET" })).rejects.toThrow();
  });

  test.each(["http://example.com/", "ftp://example.com/", "https://user:pass@example.com/", "nonsense"])(
    "%s is refused for its form",
    async (url) => expect(await outside.refusalOf(url)).toBeTypeOf("string"),
  );

  test("a public address is let pass, and so is a name that does not resolve yet", async () => {
    expect(await outside.refusalOf("https://93.184.215.14/hook")).toBeUndefined();
    expect(await outside.refusalOf("https://[2606:2800:21f:cb07::1]/hook")).toBeUndefined();
    expect(await outside.refusalOf("https://not-there-yet.example/hook")).toBeUndefined();
  });
});

describe("the connection", () => {
  async function server(answer: (path: string) => { status: number; headers?: Record<string, string>; body: string }) {
    const asked: string[] = [];
    const listening = createServer((request, response) => {
      asked.push(request.url ?? "");
      const { status, headers, body } = answer(request.url ?? "");
      response.writeHead(status, headers).end(body);
    }).listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, port, asked, stop: () => listening.close().closeAllConnections() };
  }

  test("follows no redirect", async () => {
    const { url, asked, stop } = await server(() => ({ status: 302, headers: { location: "/inner" }, body: "" }));
    expect((await development.request(new URL(url), { method: "GET" })).status).toBe(302);
    expect(asked).toEqual(["/"]);
    stop();
  });

  test("reads no more than 64 KB", async () => {
    const { url, stop } = await server(() => ({ status: 200, body: "x".repeat(1_000_000) }));
    expect((await development.request(new URL(url), { method: "GET" })).body.length).toBe(65_536);
    stop();
  });

  test("reaches this machine in development only, and nothing else that is inner even then", async () => {
    const { url, asked, stop } = await server(() => ({ status: 200, body: "hello" }));
    expect(await development.refusalOf(url)).toBeUndefined();
    expect((await development.request(new URL(url), { method: "GET" })).body).toBe("hello");
    expect(await development.refusalOf("http://169.254.169.254/")).toBeTypeOf("string");
    await expect(outside.request(new URL(url), { method: "GET" })).rejects.toThrow();
    expect(asked.length).toBe(1);
    stop();
  });

  test("is checked after the name was looked up", async () => {
    const { port, asked, stop } = await server(() => ({ status: 200, body: "hello" }));
    // The hosts file gives this machine's own name a loopback or inner address on most machines; localhost always has one.
    const { Agent, request } = await import("undici");
    const { BlockList } = await import("node:net");
    const blockList = new BlockList();
    blockList.addSubnet("127.0.0.0", 8, "ipv4");
    blockList.addAddress("::1", "ipv6");
    const dispatcher = new Agent({ connect: { blockList } });
    await expect(request(`http://localhost:${port}/`, { dispatcher })).rejects.toMatchObject({
      code: "ERR_IP_BLOCKED",
    });
    expect(asked).toEqual([]);
    await dispatcher.close();
    stop();
  });
});
