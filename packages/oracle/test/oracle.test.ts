import { escrowDomain, isSignedByKey, reasonsHashOf } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { beforeEach, describe, expect, test } from "vitest";
import { createOracle, type Oracle } from "../src/index.ts";
import { chainJobId, fileItem, quiet, requestWith, sourcesWith, worker } from "./case.ts";

const escrow = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const signer = new Wallet(`0x${"11".repeat(32)}`);
const report = new TextEncoder().encode("The charge of March 3rd was refunded.\n");

describe("an oracle in this process", () => {
  let oracle: Oracle;
  beforeEach(async () => {
    oracle = await createOracle({ signer, escrow, sources: sourcesWith({ files: [report] }), log: quiet });
  });

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
});
