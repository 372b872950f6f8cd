import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deploymentOf, deploymentSchema, signInMessage, USDC_ADDRESSES } from "@hireforhumans/protocol";

describe("protocol", () => {
  it("loads in a browser: it imports nothing of Node's and reads no environment", async () => {
    const folder = fileURLToPath(new URL("../src", import.meta.url));
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const sources = entries.filter((entry) => entry.name.endsWith(".ts"));
    expect(sources.length).toBeGreaterThan(30);
    for (const source of sources) {
      const text = await readFile(join(source.parentPath, source.name), "utf8");
      expect(text, source.name).not.toMatch(/from "node:|\bprocess\.|\bBuffer\b|\bfetch\(/);
    }
  });
});

describe("deployments", () => {
  it("are checked for their addresses' checksums", () => {
    const deployment = {
      chainId: 137,
      escrow: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
      reputation: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
      arbitrationPool: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
      usdc: USDC_ADDRESSES[137],
      treasury: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
      deployBlock: 1,
    };
    expect(deploymentSchema.parse(deployment)).toEqual(deployment);
    expect(deploymentSchema.safeParse({ ...deployment, escrow: deployment.escrow.replace("F", "f") }).success).toBe(
      false,
    );
  });

  it("are none where nobody deployed", () => {
    expect(deploymentOf(1)).toBeUndefined();
  });
});

describe("signInMessage", () => {
  it("is an EIP-4361 message", () => {
    const message = signInMessage({
      domain: "app.example",
      address: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
      statement: "Sign in to work.",
      uri: "https://app.example",
      chainId: 137,
      nonce: "abcdefgh12345678",
      issuedAt: new Date(0),
      expiresAt: new Date(600_000),
    });
    expect(message).toBe(
      [
        "app.example wants you to sign in with your Ethereum account:",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "",
        "Sign in to work.",
        "",
        "URI: https://app.example",
        "Version: 1",
        "Chain ID: 137",
        "Nonce: abcdefgh12345678",
        "Issued At: 1970-01-01T00:00:00.000Z",
        "Expiration Time: 1970-01-01T00:10:00.000Z",
      ].join("\n"),
    );
  });
});
