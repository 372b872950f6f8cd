import { describe, expect, test } from "vitest";
import type { LinkCopy } from "../src/index.ts";
import { textOfLink } from "../src/link-text.ts";
import { runChecks } from "../src/pipeline.ts";
import { quiet, requestWith, sha256, sourcesWith } from "./case.ts";

const page = Buffer.from(
  "<!doctype html><title>Our blog</title><script>var hidden = 'Acme Rocket'</script><p>The new <b>Acme</b>\n Kettle is here.",
);
const image = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
const link = { kind: "link" as const, url: "https://blog.example/kettle" };
const copyOf = (content: Buffer, mediaType = "text/html", item = 0): LinkCopy => ({
  item,
  copy: { sha256: sha256(content), mediaType, sizeBytes: content.length },
  problem: null,
});
const down = (item = 0): LinkCopy => ({ item, copy: null, problem: "its server did not answer in time" });

type Acceptance = Parameters<typeof requestWith>[0];
const asking = (params: { hosts?: string[]; contains?: string[] } = {}): Acceptance => ({
  checks: [{ check: "link", params }],
});

async function found(acceptance: Acceptance, items: Parameters<typeof requestWith>[1], links?: LinkCopy[]) {
  const request = requestWith(acceptance, items, links === undefined ? {} : { links });
  const results = await runChecks(request, sourcesWith({ files: [page, image] }), quiet);
  const of = results.filter(({ check }) => check === "link");
  expect(of.length).toBeLessThanOrEqual(1);
  return of[0];
}

describe("link", () => {
  test("does not run where there is no link and none is asked for", async () => {
    expect(await found({}, [])).toBeUndefined();
  });

  test("asked for, fails where none was handed in", async () => {
    expect(await found(asking(), [])).toMatchObject({ outcome: "fail" });
  });

  test.each([
    ["asked for as evidence", { required_evidence: ["link" as const] }],
    ["asked for as a check", asking()],
    ["at its host", asking({ hosts: ["blog.example"] })],
    ["under a host", asking({ hosts: ["EXAMPLE"] })],
    ["with what it has to hold", asking({ contains: ["acme kettle", "Our blog"] })],
  ])("passes by the copy that was kept: %s", async (_, acceptance) => {
    expect(await found(acceptance, [link], [copyOf(page)])).toMatchObject({
      outcome: "pass",
      details: { links: [{ item: 0, sha256: sha256(page) }] },
    });
  });

  test.each([
    ["at another host", asking({ hosts: ["shop.example", "log.example"] }), /blog\.example is not at shop\.example/],
    ["without what it has to hold", asking({ contains: ["Acme Rocket"] }), /does not hold "Acme Rocket"/],
  ])("fails where what was kept says otherwise: %s", async (_, acceptance, reason) => {
    const result = await found(acceptance, [link], [copyOf(page)]);
    expect(result).toMatchObject({ outcome: "fail", reason: expect.stringMatching(reason) as string });
  });

  test("one link that fits is enough", async () => {
    const other = { kind: "link" as const, url: "https://elsewhere.example/" };
    const acceptance = asking({ hosts: ["blog.example"] });
    expect(await found(acceptance, [other, link], [down(0), copyOf(page, "text/html", 1)])).toMatchObject({
      outcome: "pass",
    });
  });

  test.each([
    ["its server is down", [down()]],
    ["nobody looked yet", []],
    ["a node is told nothing of it", undefined],
    ["the copy is not what was kept", [{ ...copyOf(page), copy: { ...copyOf(page).copy!, sha256: "ab".repeat(32) } }]],
  ])("never fails for what could not be fetched, and passes nothing that was asked for: %s", async (_, links) => {
    for (const acceptance of [{ required_evidence: ["link" as const] }, asking({ contains: ["Acme"] })]) {
      expect(await found(acceptance, [link], links)).toMatchObject({ outcome: "unsure" });
    }
  });

  test("a copy that has no text to read is left to a person", async () => {
    const result = await found(asking({ contains: ["Acme"] }), [link], [copyOf(image, "image/png")]);
    expect(result).toMatchObject({ outcome: "unsure", reason: expect.stringContaining("image/png") as string });
  });

  test("a link that nobody asked for decides nothing, once somebody has looked", async () => {
    expect(await found({}, [link], [down()])).toMatchObject({
      outcome: "pass",
      reason: expect.stringContaining("did not answer in time") as string,
    });
    expect(await found({}, [link], [])).toMatchObject({ outcome: "unsure" });
  });
});

test("a page of any form is read in time, and only what is seen", async () => {
  const hostile = Buffer.from(
    `${"<div".repeat(200_000)}${"<".repeat(400_000)}${"&amp;".repeat(100_000)}<style>x</style>seen`,
  );
  const sources = sourcesWith({ files: [hostile] });
  const copy = { sha256: sha256(hostile), mediaType: "text/html", sizeBytes: hostile.length };
  const begun = performance.now();
  const read = await textOfLink(copy, sources, AbortSignal.timeout(10_000));
  expect(performance.now() - begun).toBeLessThan(3_000);
  expect(read.state).toBe("text");
});
