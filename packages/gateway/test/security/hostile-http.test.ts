import { once } from "node:events";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type TestGateway, startTestGateway } from "../http/test-gateway.ts";

/** What goes wrong below and around the routes; nothing of it depends on the database. */
describe("a hostile connection", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const env = {
      BODY_TIMEOUT_SECONDS: "4",
      UPLOADS_AT_ONCE: "2",
      UPLOAD_BYTES_PER_DAY: "1000",
      OPERATOR_TOKEN: `hfo_${"a1".repeat(20)}`,
    };
    gateway = await startTestGateway({ engine: "embedded", funds: 0n, env });
  });
  afterAll(() => gateway.stop());

  const incoming = () => join(gateway.ctx.config.dataDir, "files", "incoming");
  const left = async () => await readdir(incoming()).catch(() => []);

  /** Bytes as they are on the wire. */
  async function open(...pieces: string[]): Promise<{ socket: Socket; answer: Promise<string> }> {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    for (const piece of pieces) socket.write(piece);
    const answer = (async () => {
      let text = "";
      socket.on("error", () => undefined);
      for await (const chunk of socket) text += String(chunk);
      return text;
    })().catch(() => "");
    return { socket, answer };
  }
  const headOf = (path: string, token: string, lines: string[]) =>
    [`POST ${path} HTTP/1.1`, "host: x", `authorization: Bearer ${token}`, ...lines, "", ""].join("\r\n");
  const jsonHead = (path: string, length: number) =>
    headOf(path, gateway.client.apiKey, ["content-type: application/json", `content-length: ${length}`]);
  const uploadHead = (token: string, length = 5_000) =>
    headOf("/v1/files", token, ["content-type: multipart/form-data; boundary=b", `content-length: ${length}`]);
  const filePart = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';

  it("that sends its JSON a byte at a time is answered and closed", async () => {
    const { socket, answer } = await open(jsonHead("/v1/keys", 500), '{"na');
    const drip = setInterval(() => socket.write("a"), 200);
    expect(await answer).toMatch(/^HTTP\/1\.1 400[\s\S]*did not arrive within 4 s/);
    clearInterval(drip);
  });

  it("that pauses in an upload is answered and closed, and leaves nothing", async () => {
    const { answer } = await open(uploadHead(gateway.client.apiKey), filePart, "half a file");
    await eventually(async () => ((await left()).length > 0 ? true : undefined));
    expect(await answer).toMatch(/^HTTP\/1\.1 400[\s\S]*malformed_upload/);
    await eventually(async () => ((await left()).length === 0 ? true : undefined));
  });

  it("that goes away in an upload leaves nothing", async () => {
    const { socket } = await open(uploadHead(gateway.client.apiKey), filePart, "half a file");
    await eventually(async () => ((await left()).length > 0 ? true : undefined));
    socket.destroy();
    await eventually(async () => ((await left()).length === 0 ? true : undefined));
  });

  it("may have two uploads under way and no third, and as many again once they are over", async () => {
    const both = [
      await open(uploadHead(gateway.client.apiKey), filePart, "half a file"),
      await open(uploadHead(gateway.client.apiKey), filePart, "half a file"),
    ];
    await eventually(async () => ((await left()).length === 2 ? true : undefined));
    const third = await open(uploadHead(gateway.client.apiKey), filePart, "half a file");
    expect((await third.answer).toLowerCase()).toMatch(/^http\/1\.1 429[\s\S]*retry-after: 1/);
    for (const { answer } of both) await answer;
    const form = new FormData();
    form.set("file", new Blob(["a note"]), "note.txt");
    const answer = await fetch(`${gateway.url}/v1/files`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.client.apiKey}` },
      body: form,
    });
    expect(answer.status).toBe(201);
  });

  it("may upload so much in a day, by all keys of a client together", async () => {
    const other = await gateway.bootstrap({});
    const second = await gateway.bootstrap({ apiKey: "hfh_second-key-of-the-other" });
    const upload = async (token: string) => {
      const form = new FormData();
      form.set("file", new Blob(["x".repeat(600)]), "note.txt");
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${gateway.url}/v1/files`, { method: "POST", headers, body: form })).status;
    };
    expect([await upload(other.apiKey), await upload(second.apiKey), await upload(second.apiKey)]).toEqual([
      201, 201, 429,
    ]);
  });

  it("that left half a file in a process which died has it swept, and nothing that is still written to", async () => {
    await mkdir(incoming(), { recursive: true });
    await writeFile(join(incoming(), "left"), "half");
    await writeFile(join(incoming(), "fresh"), "half");
    await utimes(join(incoming(), "left"), new Date(), new Date(Date.now() - 2 * 3_600_000));
    expect(await gateway.ctx.files.sweep(3_600_000)).toBe(1);
    expect(await left()).toEqual(["fresh"]);
    expect(await gateway.ctx.files.sweep(0)).toBe(1);
  });

  it.each<[string, string, RegExp]>([
    [
      "sends headers without end",
      `GET /livez HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431/,
    ],
    ["asks for a path without end", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1\.1 431/],
    ["speaks no HTTP", "hello\r\n\r\n", /^HTTP\/1\.1 400/],
    [
      "says its length twice",
      "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
      /^HTTP\/1\.1 400/,
    ],
    [
      "gives length and chunks, as smugglers do",
      "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400/,
    ],
    ["folds a header", "GET /livez HTTP/1.1\r\nhost: x\r\n a: b\r\n\r\n", /^HTTP\/1\.1 (400|200)/],
  ])("that %s is refused and tells nothing", async (_, bytes, expected) => {
    const { socket, answer } = await open(bytes);
    const late = setTimeout(() => socket.end(), 2_000);
    const text = await answer;
    clearTimeout(late);
    expect(text).toMatch(expected);
    expect(text).not.toMatch(/node_modules|\.ts:|Error:/);
  });

  it("that never ends its headers is closed", { timeout: 20_000 }, async () => {
    const { answer } = await open("GET /livez HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n");
    expect(await Promise.race([answer, sleep(15_000, "still open")])).not.toBe("still open");
  });

  it("gets the headers of a careful server with whatever it is answered", async () => {
    const { apiKey } = gateway.client;
    for (const [method, path, options] of [
      ["GET", "/livez", {}],
      ["GET", "/docs", {}],
      ["GET", "/docs/swagger-ui.css", {}],
      ["GET", "/v1/jobs", {}],
      ["GET", "/v1/jobs", { token: apiKey }],
      ["POST", "/v1/jobs", { token: apiKey, raw: "{" }],
      ["GET", "/nothing", {}],
      ["DELETE", "/v1/jobs", {}],
      ["GET", "/v1/jobs/%zz", { token: apiKey }],
    ] as const) {
      const { headers } = await gateway.call(method, path, options);
      expect(headers.get("strict-transport-security"), path).toMatch(/max-age=\d{7,}; includeSubDomains/);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("content-security-policy"), path).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get("referrer-policy"), path).toBe("no-referrer");
      expect(headers.get("x-powered-by"), path).toBeNull();
      expect(headers.get("server"), path).toBeNull();
      expect(headers.get("access-control-allow-origin"), path).toBeNull();
    }
  });

  it("is not answered from a cache by the words of a header", async () => {
    const answer = await gateway.call("GET", "/v1/jobs", {
      token: gateway.client.apiKey,
      headers: { "if-none-match": "*" },
    });
    expect(answer).toMatchObject({ status: 200, body: { object: "list" } });
  });
});
