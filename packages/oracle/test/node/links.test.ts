import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CheckResult, packetHashOf } from "@hireforhumans/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packetWith } from "../case.ts";
import { startWorld, type World } from "./world.ts";

const page = "<!doctype html><p>The second charge was refunded.";
const sha256 = createHash("sha256").update(page).digest("hex");
const asked: string[] = [];
const gateway = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end(request.url === "/altered" ? "<p>The second charge was refunded, and more." : page);
});

let world: World;
let origin: string;
beforeAll(async () => {
  world = await startWorld();
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  origin = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  await world.restart({ gatewayUrl: origin });
});
afterAll(async () => {
  gateway.close().closeAllConnections();
  await world.stop();
});

/** What a gateway sends that kept the page, by a link to `path` of its own. */
async function message(path: string, kept = true) {
  // Nobody is at this address: a node that looked for itself would find nothing.
  const item = { kind: "link", url: "http://127.0.0.1:9/case" } as const;
  const acceptance = {
    required_evidence: [],
    checks: [{ check: "link" as const, params: { contains: ["was refunded"] } }],
    reviewers: 0,
  };
  const packet = packetWith({ acceptance });
  const request = await world.honest([item], {}, packet);
  expect(request.proof.terms.specHash).toBe(packetHashOf(packet));
  const copy = { sha256, mediaType: "text/html", sizeBytes: page.length };
  const links = kept ? [{ item: 0, copy, problem: null }] : [];
  return { ...world.message({ ...request, links }), files: [{ sha256, url: origin + path }] };
}

async function linkCheck(body: object) {
  const answer = await world.post("/v1/verify", body);
  expect(answer.status).toBe(200);
  return (answer.body["checks"] as CheckResult[]).find(({ check }) => check === "link");
}

it("judges a link by the copy's hash, and does not look for itself", async () => {
  expect(await linkCheck(await message("/copy"))).toMatchObject({ outcome: "pass", details: { links: [{ sha256 }] } });
  expect(asked).toEqual(["/copy"]);
});

it("leaves open what a gateway gives it under another hash, or does not give at all", async () => {
  expect(await linkCheck(await message("/altered"))).toMatchObject({ outcome: "unsure" });
  expect(await linkCheck(await message("/copy", false))).toMatchObject({ outcome: "unsure" });
});
