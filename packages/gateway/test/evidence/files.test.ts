import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkerClient } from "@hireforhumans/client";
import { Wallet } from "ethers";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { fileLinkOf } from "../../src/evidence/file-links.ts";
import { Secret } from "../../src/config.ts";
import { type Answer, type Stage, startStage } from "../gateway/stage.ts";
import { gatewayDatabase } from "../support/database.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";

const maxBytes = 64 * 1024;
const oracle = devAccounts.verifier.address;
const oracleToken = "a secret of the gateway and its oracle";
let stage: Stage;
beforeAll(async () => {
  stage = await startStage({
    database: gatewayDatabase("embedded"),
    env: {
      FILE_MAX_BYTES: String(maxBytes),
      // Nobody is there; what a node would read is asked for here.
      ORACLE_PRIVATE_KEY: "",
      ORACLE_NODES: JSON.stringify([{ url: "http://127.0.0.1:9", address: oracle, token: oracleToken }]),
    },
  });
});
afterAll(() => stage.stop());

const sha256Of = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

interface Part {
  name: string;
  filename?: string;
  content: string | Uint8Array;
}

/** A multipart body as it is on the wire, also one that no browser would make. */
function multipart(parts: Part[]): { body: Buffer<ArrayBuffer>; contentType: string } {
  const boundary = "a-boundary-of-the-test";
  const pieces = parts.flatMap(({ name, filename, content }) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n\r\n`,
    content,
    "\r\n",
  ]);
  const body = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

async function upload(parts: Part[], token = stage.ada.token): Promise<Pick<Answer, "status" | "body">> {
  const { body, contentType } = multipart(parts);
  const response = await fetch(`${stage.stack.gateway.url}/v1/files`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": contentType },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const file = (content: string | Uint8Array, filename = "report.txt"): Part => ({ name: "file", filename, content });
/** A PNG of one bit a pixel. */
function blackPicture(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

const folder = () => join(stage.stack.gateway.context.config.dataDir, "files");

/** Every file that the store holds, whole or half written. */
async function storedFiles(): Promise<string[]> {
  const entries = await readdir(folder(), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : []));
}

describe("POST /v1/files", () => {
  it("refuses a stranger", async () => {
    const answer = await upload([file("a report")], "hfw_unknown");
    expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await stage.call("POST", "/v1/files")).status).toBe(401);
  });

  it("stores a file by its content, for worker and client", async () => {
    const content = "Refunded the second charge.";
    const sha256 = sha256Of(content);
    expect(await upload([{ name: "sha256", content: sha256 }, file(content)])).toMatchObject({
      status: 201,
      body: { sha256, name: "report.txt", media_type: "text/plain", size_bytes: content.length },
    });
    expect(await upload([file(content, "same.txt")], stage.stack.apiKey)).toMatchObject({
      status: 201,
      body: { sha256 },
    });
    expect(await storedFiles()).toContain(sha256);
  });

  const refused: [string, Part[], number, string][] = [
    ["a file over the limit", [file(Buffer.alloc(maxBytes + 1, "a"))], 413, "file_too_large"],
    ["a file far over the limit", [file(Buffer.alloc(40 * maxBytes, "a"))], 413, "file_too_large"],
    [
      "a hash that is not the content's",
      [{ name: "sha256", content: "0".repeat(64) }, file("one")],
      422,
      "file_hash_mismatch",
    ],
    [
      "a wrong hash that comes behind the file",
      [file("two"), { name: "sha256", content: "0".repeat(64) }],
      422,
      "file_hash_mismatch",
    ],
    [
      "a program",
      [file(Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(64)]), "report.txt")],
      415,
      "file_type_not_allowed",
    ],
    ["an empty file", [file("")], 400, "malformed_upload"],
    ["a control character in the name", [file("five", "a\u0007b")], 400, "malformed_upload"],
    ["no file at all", [{ name: "note", content: "hello" }], 400, "malformed_upload"],
    ["a file in another field", [{ name: "picture", filename: "a.txt", content: "hello" }], 400, "malformed_upload"],
    ...["../../x", "a/b", "..", ".", "/etc/passwd", "a\\b", "..\\x", "n".repeat(256)].map(
      (name): [string, Part[], number, string] => [
        `the name ${JSON.stringify(name).slice(0, 20)}`,
        [file("four", name)],
        422,
        "file_name_not_allowed",
      ],
    ),
  ];

  it.each(refused)("refuses %s and keeps nothing of it", async (_, parts, status, code) => {
    const before = await storedFiles();
    expect(await upload(parts)).toMatchObject({ status, body: { code } });
    expect(await storedFiles()).toEqual(before);
  });

  it("refuses a document that breaks off and one that unpacks to far more than it is, and keeps nothing of them", async () => {
    const before = await storedFiles();
    expect(await upload([file("%PDF-1.7\n1 0 obj", "a.pdf")])).toMatchObject({
      status: 400,
      body: { code: "malformed_upload" },
    });
    expect(await upload([file(blackPicture(12_000), "a.png")])).toMatchObject({
      status: 413,
      body: { code: "file_too_large" },
    });
    expect(await storedFiles()).toEqual(before);
  });

  it("refuses what is not multipart, or breaks off in the middle", async () => {
    const post = async (contentType: string, body: string) => {
      const headers = { authorization: `Bearer ${stage.ada.token}`, "content-type": contentType };
      const response = await fetch(`${stage.stack.gateway.url}/v1/files`, { method: "POST", headers, body });
      return { status: response.status, body: (await response.json()) as unknown };
    };
    const malformed = { status: 400, body: { code: "malformed_upload" } };
    expect(await post("application/json", "{}")).toMatchObject(malformed);
    expect(await post("multipart/form-data", "no boundary")).toMatchObject(malformed);
    const { body, contentType } = multipart([file("a report that is cut")]);
    expect(await post(contentType, body.subarray(0, body.length - 30).toString())).toMatchObject(malformed);
    expect(await storedFiles()).not.toContain(sha256Of("a report that is cut"));
  });

  it("goes on taking files after all that", async () => {
    expect(await upload([file("still there")])).toMatchObject({ status: 201 });
  });
});

describe("GET /v1/files/:sha256", () => {
  const content = "What Ada alone has.";
  const path = `/v1/files/${sha256Of(content)}`;
  beforeAll(async () => {
    await upload([file(content)]);
  });

  it("refuses a stranger", async () => {
    expect((await stage.call("GET", path)).status).toBe(401);
    expect((await stage.call("GET", path, { token: "hfh_unknown" })).status).toBe(401);
  });

  it("gives it to who uploaded it, as an attachment that no browser shows in place", async () => {
    const { status, headers, text } = await stage.call("GET", path, { token: stage.ada.token });
    expect({ status, text }).toEqual({ status: 200, text: content });
    expect(headers.get("content-disposition")).toMatch(/^attachment/);
    expect(headers.get("content-type")).toMatch(/^text\/plain/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("is not there for another worker, nor for a client whose job does not have it", async () => {
    const notFound = { status: 404, body: { code: "not_found" } };
    expect(await stage.call("GET", path, { token: stage.ben.token })).toMatchObject(notFound);
    expect(await stage.call("GET", path, { token: stage.stack.apiKey })).toMatchObject(notFound);
    expect(await stage.call("GET", "/v1/files/..%2F..%2Fx", { token: stage.ada.token })).toMatchObject(notFound);
  });

  it("is there for the client once it is evidence of its job, and for no other client", async () => {
    const report = "A report for the client.";
    const { body } = await upload([file(report)]);
    const sha256 = sha256Of(report);
    const item = {
      kind: "file",
      sha256,
      name: "report.txt",
      media_type: "text/plain",
      size_bytes: report.length,
    } as const;
    expect(body).toMatchObject({ sha256 });
    await stage.delivered({}, [item, { kind: "text", text: "The report says it all." }]);
    expect(await stage.call("GET", `/v1/files/${sha256}`, { token: stage.stack.apiKey })).toMatchObject({
      text: report,
    });
    const { db } = stage.stack.gateway.context;
    const other = await bootstrapClient(db, { address: Wallet.createRandom().address });
    expect((await stage.call("GET", `/v1/files/${sha256}`, { token: other.apiKey })).status).toBe(404);
  });
});

describe("GET /v1/file-links/:token", () => {
  const content = "What an oracle reads.";
  const link = (secret = oracleToken, sha256 = sha256Of(content)) => fileLinkOf("", new Secret(secret), sha256);
  beforeAll(async () => {
    await upload([file(content)]);
  });

  it("gives the file to whoever has the link, and nothing to who makes one up", async () => {
    expect(await stage.call("GET", link())).toMatchObject({ status: 200, text: content });
    const notFound = { status: 404, body: { code: "not_found" } };
    expect(await stage.call("GET", link("another secret of thirty-two letters"))).toMatchObject(notFound);
    expect(await stage.call("GET", link().replace(/[0-9a-f]{64}/, "0".repeat(64)))).toMatchObject(notFound);
    expect(await stage.call("GET", link().replace(/\.\d+\./, ".9999999999."))).toMatchObject(notFound);
    expect(await stage.call("GET", `/v1/file-links/${"a".repeat(40)}`)).toMatchObject(notFound);
  });
});

it("lets no node of the oracle sign in as a worker", async () => {
  const { gateway, deployment } = stage.stack;
  const signer = new Wallet(devAccounts.verifier.privateKey);
  const api = createWorkerClient({ baseUrl: gateway.url, signer, trusted: deployment });
  await expect(api.signIn()).rejects.toMatchObject({ code: "sign_in_refused" });
});
