import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:http";
import { escrowDomain, isSignedByKey, reasonsHashOf } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOracle, createOracleService, createRemoteOracle, type Oracle, OracleUnavailable } from "../src/index.ts";
import { chainJobId, fileItem, quiet, requestWith, sourcesWith, worker } from "./case.ts";

const escrow = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const signer = new Wallet(`0x${"11".repeat(32)}`);
const token = "a token of forty characters at the least";
const report = new TextEncoder().encode("The charge of March 3rd was refunded.\n");

const localOracle = (sources = sourcesWith()) => createOracle({ signer, escrow, sources, log: quiet });

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Whatever an oracle is made of, this is what gateway, worker and client rely on. */
function behavesLikeAnOracle(start: () => Promise<{ oracle: Oracle; stop: () => void }>) {
  let oracle: Oracle;
  let stop: () => void;
  beforeEach(async () => ({ oracle, stop } = await start()));
  afterEach(() => stop());

  test("signs a pass that names job, worker, evidence and reasons", async () => {
    const request = requestWith({ required_evidence: ["file"] }, [fileItem(report)]);
    const verification = await oracle.verify(request);
    expect(verification.outcome).toBe("pass");
    expect(verification.reasonsHash).toBe(reasonsHashOf(verification.reasons));
    expect(verification.signed?.validUntilSeconds).toBe(1_800_000_000n + 604_800n);
    const word = {
      jobId: chainJobId,
      worker,
      evidenceHash: request.evidenceHash,
      pass: true,
      reasonsHash: verification.reasonsHash,
      validUntil: verification.signed?.validUntilSeconds ?? 0n,
    };
    const signature = verification.signed?.signature ?? "";
    const domain = escrowDomain(31337, escrow);
    expect(isSignedByKey(domain, "Verdict", word, signature, oracle.address)).toBe(true);
    expect(isSignedByKey(domain, "Verdict", { ...word, pass: false }, signature, oracle.address)).toBe(false);
  });

  test("signs a fail with the check that failed", async () => {
    const verification = await oracle.verify(requestWith({ required_evidence: ["link"] }, []));
    expect(verification.outcome).toBe("fail");
    expect(verification.reasons.summary).toBe("Failed: required_evidence.");
    expect(verification.signed).not.toBeNull();
  });

  test("signs nothing while unsure", async () => {
    const asks = { checks: [{ check: "rubric" as const, params: { question: "Polite?" } }] };
    const verification = await oracle.verify(requestWith(asks, []));
    expect(verification).toMatchObject({ outcome: "unsure", signed: null });
  });

  test("says the same of the same evidence", async () => {
    const request = requestWith({}, []);
    expect(await oracle.verify(request)).toEqual(await oracle.verify(request));
  });
}

describe("an oracle in this process", () => {
  behavesLikeAnOracle(async () => ({
    oracle: await localOracle(sourcesWith({ files: [report] })),
    stop: () => undefined,
  }));
});

describe("an oracle elsewhere", () => {
  async function startService() {
    const files = createServer((_, response) => response.end(report));
    const filesUrl = await listen(files);
    const reader = await localOracle();
    const service = createOracleService({
      token,
      log: quiet,
      oracleFor: (openFile) => ({
        address: reader.address,
        verify: async (request) => (await localOracle({ ...sourcesWith(), openFile })).verify(request),
      }),
    });
    const server = createServer(service as never);
    const url = await listen(server);
    const oracle = createRemoteOracle({ url, token, address: signer.address, linkTo: () => filesUrl });
    const stop = () => [files, server].forEach((each) => each.close().closeAllConnections());
    return { oracle, url, stop };
  }

  behavesLikeAnOracle(startService);

  test("refuses a stranger, another token and what is no request", async () => {
    const { url, stop } = await startService();
    const post = (headers: Record<string, string>, body: string) =>
      fetch(`${url}/v1/verify`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
    expect((await post({}, "{}")).status).toBe(401);
    expect((await post({ authorization: "Bearer guess" }, "{}")).status).toBe(401);
    const known = { authorization: `Bearer ${token}` };
    expect((await post(known, "{}")).status).toBe(422);
    expect((await post(known, "{")).status).toBe(400);
    expect((await post(known, JSON.stringify("x".repeat(5_000_000)))).status).toBe(413);
    stop();
  });

  test("says that it is unavailable when nobody answers", async () => {
    const { url, stop } = await startService();
    stop();
    const oracle = createRemoteOracle({ url, token, address: signer.address, linkTo: () => url });
    await expect(oracle.verify(requestWith({}, []))).rejects.toThrow(OracleUnavailable);
  });
});
