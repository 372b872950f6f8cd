import { inspect } from "node:util";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ConfigError, type Environment, readConfig } from "../../src/config.ts";

const key = `0x${"11".repeat(32)}`;
const address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const enough: Environment = {
  ESCROW_ADDRESS: address,
  REPUTATION_ADDRESS: address,
  USDC_ADDRESS: address,
  RELAYER_PRIVATE_KEY: key,
  ORACLE_PRIVATE_KEY: key,
};

function problemsOf(env: Environment): string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("readConfig", () => {
  it("needs no more than addresses and keys on a local chain", () => {
    expect(readConfig(enough)).toMatchObject({
      port: 3000,
      host: "127.0.0.1",
      publicUrl: "http://127.0.0.1:3000",
      chainId: 31337,
      startBlock: 0,
      followerPollMs: 250,
      confirmations: 32,
      allowLoopback: false,
      offerWaveSizes: [1, 3, 5, 10],
      databaseUrl: undefined,
    });
  });

  it("takes slower polls, the node's own finality and Circle's USDC on a public chain", () => {
    const config = readConfig({ ...enough, CHAIN_ID: "80002", USDC_ADDRESS: "" });
    expect(config).toMatchObject({
      followerPollMs: 1000,
      confirmations: 0,
      usdc: "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582",
    });
  });

  it("names every wrong value at once, with what it is and what is expected", () => {
    const problems = problemsOf({
      ...enough,
      PORT: "70000",
      HFH_ALLOW_LOOPBACK: "yes",
      ESCROW_ADDRESS: "0x12",
      DATABASE_URL: "mysql://root:hunter2@db/x",
      OFFER_WAVE_SIZES: "1,0",
      RPC_URL: "localhost:8545",
    });
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^PORT is "70000"; expected an integer from 0 to 65535\. /),
        expect.stringMatching(/^HFH_ALLOW_LOOPBACK is "yes"; expected true or false\. /),
        expect.stringMatching(/^ESCROW_ADDRESS is "0x12"; expected an address/),
        expect.stringMatching(/^OFFER_WAVE_SIZES is "1,0"; expected numbers of workers, separated by commas/),
        expect.stringMatching(/^RPC_URL is "localhost:8545"; expected a URL that starts with http:\/\/ or https:\/\//),
        expect.stringMatching(/^DATABASE_URL is wrong \(not shown\); expected a URL that starts with postgres:\/\//),
      ]),
    );
    expect(problems.join()).not.toContain("hunter2");
  });

  it("names what is missing", () => {
    const problems = problemsOf({});
    expect(problems).toContain("One of RELAYER_PRIVATE_KEY, RELAYER_SIGNER has to be set; none is.");
    expect(problems).toContainEqual(expect.stringMatching(/^ESCROW_ADDRESS is not set/));
  });

  it("asks for exactly one oracle, and for a committee where several nodes are it", () => {
    expect(problemsOf({ ...enough, ORACLE_PRIVATE_KEY: "" })).toEqual([
      expect.stringContaining("VERIFIER_SIGNER, ORACLE_NODES has to be set; none is"),
    ]);
    const node = { url: "https://oracle.example", address, token: "t".repeat(32) };
    const other = { ...node, address: `0x${"2".repeat(40)}` };
    const distant = (...nodes: object[]) => ({ ...enough, ORACLE_NODES: JSON.stringify(nodes) });
    const alone = (...nodes: object[]) => ({ ...distant(...nodes), ORACLE_PRIVATE_KEY: "" });
    expect(problemsOf(distant(node))).toEqual([expect.stringContaining("ORACLE_PRIVATE_KEY and ORACLE_NODES are")]);
    expect(problemsOf(alone(node))).toEqual([]);
    expect(problemsOf(alone(node, other))).toEqual([expect.stringContaining("ORACLE_NODES has 2 nodes")]);
    expect(problemsOf({ ...alone(node, other), COMMITTEE_ADDRESS: address })).toEqual([]);
    expect(problemsOf({ ...enough, COMMITTEE_ADDRESS: address })).toEqual([
      expect.stringContaining("COMMITTEE_ADDRESS is set; ORACLE_NODES"),
    ]);
  });

  it("takes a key from a file or a key service in the place of the key itself", () => {
    const keyArn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const elsewhere = {
      ...enough,
      RELAYER_PRIVATE_KEY: "",
      RELAYER_SIGNER: `aws-kms:${keyArn}`,
      GATEWAY_SECRET: "s".repeat(32),
      ORACLE_PRIVATE_KEY: "",
      VERIFIER_SIGNER: "keystore:/keys/verifier.json?passphrase=/run/secrets/verifier",
    };
    expect(readConfig(elsewhere)).toMatchObject({
      relayerSigner: { kind: "aws-kms", keyArn, region: "eu-central-1" },
      verifierSigner: { kind: "keystore", path: "/keys/verifier.json", passphrasePath: "/run/secrets/verifier" },
    });
    expect(problemsOf({ ...elsewhere, GATEWAY_SECRET: "" })).toEqual([
      expect.stringContaining("GATEWAY_SECRET has to"),
    ]);
    expect(problemsOf({ ...elsewhere, RELAYER_PRIVATE_KEY: key })).toEqual([
      "One of RELAYER_PRIVATE_KEY, RELAYER_SIGNER has to be set; RELAYER_PRIVATE_KEY and RELAYER_SIGNER are.",
    ]);
    expect(problemsOf({ ...elsewhere, RELAYER_SIGNER: "vault:relayer" })).toContainEqual(
      expect.stringMatching(/^RELAYER_SIGNER is "vault:relayer"; expected keystore:.*aws-kms:arn.*gcp-kms:projects/),
    );
  });

  it("shows nothing of wrong nodes, which hold secrets", () => {
    const wrong = [{ url: "https://oracle.example", address: "0x12", token: "hunter2".repeat(6) }];
    for (const nodes of [JSON.stringify(wrong), JSON.stringify([]), "hunter2"]) {
      const problems = problemsOf({ ...enough, ORACLE_PRIVATE_KEY: "", ORACLE_NODES: nodes });
      expect(problems).toContainEqual(expect.stringMatching(/^ORACLE_NODES is wrong \(not shown\); expected JSON/));
      expect(problems.join()).not.toContain("hunter2");
    }
  });

  it("takes a model whole or not at all, and only where this process judges", () => {
    const judge = { JUDGE_PROVIDER: "openai", JUDGE_MODEL: "gpt-6", JUDGE_API_KEY: "hunter2" };
    expect(readConfig({ ...enough, ...judge })).toMatchObject({ judgeProvider: "openai", judgeModel: "gpt-6" });
    expect(readConfig(enough)).toMatchObject({ judgeProvider: undefined });
    for (const name of Object.keys(judge)) {
      expect(problemsOf({ ...enough, ...judge, [name]: "" })).toEqual([expect.stringContaining(`; ${name} has to be`)]);
    }
    expect(problemsOf({ ...enough, JUDGE_BASE_URL: "http://127.0.0.1:9" })).toHaveLength(1);
    expect(problemsOf({ ...enough, ...judge, JUDGE_PROVIDER: "oracle" })[0]).toMatch(/^JUDGE_PROVIDER is "oracle"/);
    const nodes = JSON.stringify([{ url: "https://oracle.example", address, token: "t".repeat(32) }]);
    expect(problemsOf({ ...enough, ...judge, ORACLE_PRIVATE_KEY: "", ORACLE_NODES: nodes })).toEqual([
      expect.stringContaining("nodes have models of their own"),
    ]);
    expect(inspect(readConfig({ ...enough, ...judge }))).not.toContain("hunter2");
  });

  it("asks for as many wave times as waves", () => {
    const problems = problemsOf({ ...enough, OFFER_WAVE_SIZES: "1,2" });
    expect(problems).toEqual(["OFFER_WAVE_SIZES has 2 waves, OFFER_WAVE_SECONDS has 4; expected as many in both."]);
  });

  it("shows no secret however it is printed", () => {
    const config = readConfig({ ...enough, DATABASE_URL: "postgres://user:hunter2@db/x", ORACLE_PRIVATE_KEY: key });
    const lines: string[] = [];
    pino({}, { write: (line) => void lines.push(line) }).info({ config });
    const json = JSON.stringify(config, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    const printed = [json, inspect(config), String(config.relayerPrivateKey), ...lines].join("\n");
    expect(printed).not.toContain("11".repeat(32));
    expect(printed).not.toContain("hunter2");
    expect(config.relayerPrivateKey?.reveal()).toBe(key);
    expect(config.databaseUrl?.reveal()).toContain("hunter2");
  });
});
