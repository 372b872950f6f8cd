import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { CheckResult } from "@hireforhumans/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startWorld, type World } from "./world.ts";

const contentOf = (path: string) => Buffer.from(`The refund was made, see ${path}. `.repeat(100));

/** A proxy before the gateway that compresses what may be, and has lost one file. */
const proxy = createServer((request, response) => {
  if (request.url === "/lost") {
    response.writeHead(404).end();
    return;
  }
  const packed = (request.headers["accept-encoding"] ?? "").includes("gzip");
  const content = contentOf(request.url ?? "");
  response.writeHead(200, { "content-type": "text/plain", ...(packed ? { "content-encoding": "gzip" } : {}) });
  response.end(packed ? gzipSync(content) : content);
});

let world: World;
let origin: string;
beforeAll(async () => {
  world = await startWorld();
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await world.restart({ gatewayUrl: origin });
});
afterAll(async () => {
  proxy.close();
  await world.stop();
});

it.each(["/file", "/lost"])("a worker is failed by what the file is, not by how it travelled: %s", async (path) => {
  const content = contentOf(path);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const item = {
    kind: "file",
    sha256,
    name: "note.txt",
    size_bytes: content.length,
    media_type: "text/plain",
  } as const;
  const request = await world.honest([item]);
  const message = { ...world.message(request), files: [{ sha256, url: origin + path }] };
  const { status, body } = await world.post("/v1/verify", message);
  expect(status).toBe(200);
  const found = (body["checks"] as CheckResult[]).find(({ check }) => check === "content_hash");
  expect(found?.outcome).toBe(path === "/file" ? "pass" : "unsure");
  expect((body["checks"] as CheckResult[]).filter(({ outcome }) => outcome === "fail")).toEqual([]);
});
