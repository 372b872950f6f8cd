import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createPublicNetwork, networkFailureOf } from "../src/index.ts";
import { innerAddresses } from "./inner-addresses.ts";

const outside = createPublicNetwork({ allowLoopback: false });
const development = createPublicNetwork({ allowLoopback: true });

describe("from a server", () => {
  test.each(innerAddresses)("%s is refused, by name and again at the connection", async (url) => {
    expect(await outside.refusalOf(url)).toBeTypeOf("string");
    await expect(outside.request(new URL(url), { method: "GET" })).rejects.toThrow();
    const opened: unknown = await outside.open(new URL(url), {}).catch((error: unknown) => error);
    expect(networkFailureOf(opened)).toMatch(/^(not_public|unresolved)$/);
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
  async function server(
    answer: (path: string) => { status: number; headers?: Record<string, string>; body: string | Buffer },
  ) {
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

  test("opens a page as it is: with its type, where it leads, and unpacked", async () => {
    const { url, asked, stop } = await server((path) =>
      path === "/moved"
        ? { status: 302, headers: { location: "http://169.254.169.254/" }, body: "" }
        : path === "/packed"
          ? { status: 200, headers: { "content-encoding": "gzip" }, body: gzipSync("hello") }
          : { status: 200, headers: { "content-type": "Text/HTML; charset=utf-8" }, body: "hello" },
    );
    const plain = await development.open(new URL(url), {});
    expect(plain).toMatchObject({ status: 200, mediaType: "text/html", location: undefined });
    expect(await text(plain.content)).toBe("hello");
    const packed = await development.open(new URL(`${url}/packed`), {});
    expect(await text(packed.content)).toBe("hello");
    const moved = await development.open(new URL(`${url}/moved`), {});
    expect(moved).toMatchObject({ status: 302, location: "http://169.254.169.254/" });
    expect(asked).toEqual(["/", "/packed", "/moved"]);
    moved.content.destroy();
    stop();
  });

  test("ends a body that does not end, and one that is not what its packing says", async () => {
    const dripping = createServer((request, response) => {
      if (request.url === "/broken") {
        response.writeHead(200, { "content-encoding": "gzip" }).end("not gzip");
        return;
      }
      response.writeHead(200);
      const drip = setInterval(() => response.write("."), 20);
      response.once("close", () => clearInterval(drip));
    }).listen(0, "127.0.0.1");
    await once(dripping, "listening");
    const { port } = dripping.address() as AddressInfo;
    const slow = await development.open(new URL(`http://127.0.0.1:${port}/`), { signal: AbortSignal.timeout(2_000) });
    const late: unknown = await text(slow.content).catch((error: unknown) => error);
    expect(networkFailureOf(late)).toBe("late");
    const broken = await development.open(new URL(`http://127.0.0.1:${port}/broken`), {});
    await expect(text(broken.content)).rejects.toThrow();
    dripping.close().closeAllConnections();
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
