import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Wallet, id } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NodeConfigError, nodeConfigSchema, readNodeConfig } from "../../src/node/config.ts";

const wallet = new Wallet(id("a node"));
const env = { KEY: wallet.privateKey, GATEWAY_TOKEN: "t".repeat(32), RPC_URL: "https://rpc.example/a-secret-key" };
const enough = {
  private_key: { env: "KEY" },
  chain_id: 137,
  rpc_url: { env: "RPC_URL" },
  escrow: `0x${"1".repeat(40)}`,
  gateway_url: "https://gateway.example",
  gateway_token: { env: "GATEWAY_TOKEN" },
  database: "/var/lib/oracle.db",
};
const page = new URL("../../../../docs/oracle-node.md", import.meta.url);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hireforhumans-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: unknown, environment: Record<string, string> = env) {
  const path = join(folder, "oracle.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return readNodeConfig(path, environment);
}

async function problemsOf(content: unknown, environment?: Record<string, string>): Promise<string> {
  const error: unknown = await read(content, environment).catch((thrown: unknown) => thrown);
  if (error instanceof NodeConfigError) return error.message;
  throw new Error("the configuration was taken");
}

describe("a node's configuration", () => {
  it("takes secrets from files and the environment, and listens on this machine only unless told otherwise", async () => {
    await writeFile(join(folder, "key"), `${wallet.privateKey}\n`);
    const config = await read({ ...enough, private_key: { file: join(folder, "key") } });
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 3100,
      rpcUrl: env.RPC_URL,
      gatewayToken: env.GATEWAY_TOKEN,
    });
    expect(config.signer).toMatchObject({ address: wallet.address });
  });

  it("takes the place of a key that it does not hold itself, and exactly one key", async () => {
    const keyArn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const keyless: Partial<typeof enough> = { ...enough };
    delete keyless.private_key;
    const config = await read({ ...keyless, signer: `aws-kms:${keyArn}` });
    expect(config.signer).toEqual({ kind: "aws-kms", keyArn, region: "eu-central-1" });
    expect(await problemsOf(keyless)).toContain("one of the two has to be there; neither is");
    expect(await problemsOf({ ...enough, signer: `aws-kms:${keyArn}` })).toContain("both are");
    expect(await problemsOf({ ...keyless, signer: "vault:x" })).toContain("signer: expected keystore:");
  });

  it("names everything that is wrong", async () => {
    const problems = await problemsOf({ ...enough, port: 70_000, escrow: "0x12", gateway_url: "ftp://x", pasword: "" });
    for (const part of ["port: ", "escrow: expected an address", "gateway_url: expected an http(s) URL", '"pasword"']) {
      expect(problems).toContain(part);
    }
    expect(await problemsOf("{")).toContain("it is not JSON");
    expect(() => readNodeConfig(join(folder, "nowhere.json"), env)).toThrow(/nowhere\.json.*\n.*ENOENT/);
  });

  it("shows no secret, also where one was written into the file or is wrong", async () => {
    expect(await problemsOf({ ...enough, private_key: wallet.privateKey })).not.toContain(wallet.privateKey);
    const problems = await problemsOf(enough, { KEY: "hunter2", GATEWAY_TOKEN: "hunter2" });
    expect(problems).toContain("private_key: what the variable KEY holds (not shown) is not a private key");
    expect(problems).toContain(
      "gateway_token: what the variable GATEWAY_TOKEN holds (not shown) is not a text of at least 32",
    );
    expect(problems).toContain("rpc_url: the variable RPC_URL can't be read, or is empty");
    expect(problems).not.toContain("hunter2");
  });

  it("names a model by provider and name, with its key where secrets are", async () => {
    const judge = { provider: "anthropic", model: "claude-sonnet-5", api_key: { env: "JUDGE_KEY" } };
    const { judge: read1 } = await read({ ...enough, judge }, { ...env, JUDGE_KEY: "hunter2" });
    expect(read1).toEqual({ provider: "anthropic", model: "claude-sonnet-5", apiKey: "hunter2", baseUrl: undefined });
    expect((await read(enough)).judge).toBeUndefined();
    expect(await problemsOf({ ...enough, judge })).toContain("judge.api_key: the variable JUDGE_KEY can't be read");
    const wrong = await problemsOf({ ...enough, judge: { ...judge, provider: "oracle", api_key: "hunter2" } });
    expect(wrong).toContain("judge.provider");
    expect(wrong).toContain("judge.api_key");
    expect(wrong).not.toContain("hunter2");
  });

  it("is told of in docs/oracle-node.md, whose example is one", async () => {
    const text = await readFile(page, "utf8");
    const example: unknown = JSON.parse(/```json\n(.*?)```/s.exec(text)?.[1] ?? "");
    expect(nodeConfigSchema.safeParse(example).error).toBeUndefined();
    const told = [...text.matchAll(/^\| `(\w+)`/gm)].map(([, member]) => member);
    expect(told).toEqual(Object.keys(nodeConfigSchema.shape));
  });
});
