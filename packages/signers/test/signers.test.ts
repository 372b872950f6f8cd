import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Signer,
  Signature,
  Transaction,
  TypedDataEncoder,
  encryptKeystoreJson,
  Wallet,
  recoverAddress,
  verifyTypedData,
} from "ethers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  createAwsKmsSigner,
  createGcpKmsSigner,
  openSigner,
  parseKeySource,
  SignerRefused,
  SignerUnavailable,
} from "../src/index.ts";
import { awsKeyArn, startAwsKms } from "./aws-kms-server.ts";
import { gcpKeyVersion, startGcpKms } from "./gcp-kms-server.ts";
import { type KeyServer, type Manner, publicKeyOf } from "./key-server.ts";

const wallet = new Wallet(`0x${"4b".repeat(32)}`);
const transaction = {
  chainId: 137n,
  type: 2,
  nonce: 7,
  to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  data: "0x1234",
  value: 0n,
  gasLimit: 100_000n,
  maxFeePerGas: 60_000_000_000n,
  maxPriorityFeePerGas: 30_000_000_000n,
};
const domain = { name: "HireForHumans", version: "1", chainId: 137, verifyingContract: transaction.to };
const types = {
  Verdict: [
    { name: "jobId", type: "bytes32" },
    { name: "pass", type: "bool" },
  ],
};
const word = { jobId: `0x${"ab".repeat(32)}`, pass: true };

/** https://eips.ethereum.org/EIPS/eip-2: a higher s is refused by every chain. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
/** So many signatures have high and low s on both sides of the key service, but for once in a million runs. */
const SIGNATURES = 20;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hireforhumans-keys-"));
  // The least work that the format allows, since the key is nobody's.
  const json = await encryptKeystoreJson(wallet, "correct horse", { scrypt: { N: 2 } });
  await writeFile(join(folder, "key.json"), json);
  await writeFile(join(folder, "passphrase"), "correct horse\n");
  await writeFile(join(folder, "wrong"), "battery staple\n");
  await writeFile(join(folder, "account.json"), JSON.stringify(account));
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(folder, "account.json"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A signer, and what stands behind it. */
interface Opened {
  signer: Signer;
  server: KeyServer | undefined;
}

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not used by anybody" };
const awsAt = (port: number) =>
  createAwsKmsSigner(awsKeyArn, { region: "eu-central-1", endpoint: `http://127.0.0.1:${port}`, credentials });

/** A service account with its key, by which Google's library signs its own tokens. */
const account = {
  type: "service_account",
  client_email: "gateway@p-1.iam.gserviceaccount.com",
  private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "pem", type: "pkcs8" }),
};
const gcpAt = (port: number) =>
  createGcpKmsSigner(gcpKeyVersion, { fallback: true, protocol: "http", apiEndpoint: "127.0.0.1", port });

const kinds: Record<string, () => Promise<Opened>> = {
  "a key in the process": () => Promise.resolve({ signer: wallet, server: undefined }),
  async "a keystore"() {
    const source = parseKeySource(`keystore:${join(folder, "key.json")}?passphrase=${join(folder, "passphrase")}`);
    if (source === undefined) throw new Error("it is no source");
    return { signer: await openSigner(source), server: undefined };
  },
  async "AWS KMS"() {
    const server = await startAwsKms(wallet.privateKey);
    return { signer: await awsAt(server.port), server };
  },
  async "Google Cloud KMS"() {
    const server = await startGcpKms(wallet.privateKey);
    return { signer: await gcpAt(server.port), server };
  },
};

describe.each(Object.keys(kinds))("%s", (kind) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = (await kinds[kind]?.()) as Opened;
  });
  afterAll(() => opened.server?.stop());

  it("has the address of its key", async () => {
    expect(await opened.signer.getAddress()).toBe(wallet.address);
  });

  it("signs transactions that every chain takes as its own, and none but these", async () => {
    for (let index = 0; index < SIGNATURES; index++) {
      const signed = Transaction.from(await opened.signer.signTransaction({ ...transaction, nonce: index }));
      expect(signed.from).toBe(wallet.address);
      expect(signed.toJSON()).toMatchObject({ chainId: "137", nonce: index, to: transaction.to, data: "0x1234" });
      expect(BigInt(signed.signature?.s ?? 0)).toBeLessThanOrEqual(HALF_ORDER);
    }
  });

  it("signs typed words", async () => {
    for (let index = 0; index < SIGNATURES; index++) {
      const signature = await opened.signer.signTypedData(domain, types, word);
      expect(verifyTypedData(domain, types, word, signature)).toBe(wallet.address);
      expect([27, 28]).toContain(Signature.from(signature).v);
      expect(recoverAddress(TypedDataEncoder.hash(domain, types, word), signature)).toBe(wallet.address);
    }
  });
});

const services: Record<
  string,
  { start: (key: string, publicKey?: KeyObject) => Promise<KeyServer>; at: (port: number) => Promise<Signer> }
> = {
  "AWS KMS": { start: startAwsKms, at: awsAt },
  "Google Cloud KMS": { start: startGcpKms, at: gcpAt },
};

describe.each(Object.entries(services))("the client of %s", (_name, { start, at }) => {
  let server: KeyServer;
  let signer: Signer;
  beforeAll(async () => {
    server = await start(wallet.privateKey);
    signer = await at(server.port);
  });
  afterAll(() => server.stop());
  const sign = (...manners: Manner[]) => {
    server.manners = manners;
    server.asked = 0;
    return signer.signTypedData(domain, types, word);
  };

  it("asks again where it is throttled, cut off, or gets no answer", { timeout: 20_000 }, async () => {
    for (const manners of [["throttled", "throttled"], ["broken"], ["silent"]] as Manner[][]) {
      const signature = await sign(...manners);
      expect(verifyTypedData(domain, types, word, signature), manners.join()).toBe(wallet.address);
      expect(server.asked, manners.join()).toBe(manners.length + 1);
    }
  });

  it("gives up after four times, and says so", async () => {
    const throttled = sign("throttled", "throttled", "throttled", "throttled");
    await expect(throttled).rejects.toThrow(SignerUnavailable);
    await expect(throttled).rejects.toThrow(/failed 4 times.*exceeded/);
    expect(server.asked).toBe(4);
  });

  it("asks once where it has no right to the key, and says so", async () => {
    const denied = sign("denied");
    await expect(denied).rejects.toThrow(SignerRefused);
    await expect(denied).rejects.toThrow(/was refused.*(denied|not authorized)/i);
    expect(server.asked).toBe(1);
  });

  it("refuses a key of another curve, and signatures by another key", async () => {
    const otherCurve = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey;
    const wrong = await start(wallet.privateKey, otherCurve);
    await expect(at(wrong.port)).rejects.toThrow(/The key is of P-256; expected one of secp256k1/);
    await wrong.stop();

    const swapped = await start(`0x${"5c".repeat(32)}`, publicKeyOf(wallet.privateKey));
    const deceived = await at(swapped.port);
    await expect(deceived.signTypedData(domain, types, word)).rejects.toThrow(/a signature that is not of 0x/);
    await swapped.stop();
  });
});

describe("a keystore that can't be opened", () => {
  const open = (path: string, passphrase: string) =>
    openSigner({ kind: "keystore", path: join(folder, path), passphrasePath: join(folder, passphrase) });

  it("is told apart by what is wrong with it, without a word of what is in it", async () => {
    await writeFile(join(folder, "other.json"), "hunter2");
    await expect(open("key.json", "wrong")).rejects.toThrow(/the passphrase in .*wrong is not its/);
    await expect(open("nowhere.json", "passphrase")).rejects.toThrow(
      /keystore file .*nowhere\.json can't be read \(ENOENT\)/,
    );
    await expect(open("other.json", "passphrase")).rejects.toThrow(/not a JSON keystore of version 3/);
    await expect(open("key.json", "wrong")).rejects.not.toThrow(/battery/);
    await expect(open("other.json", "passphrase")).rejects.not.toThrow(/hunter2/);
  });
});

describe("where a key is", () => {
  it("is read from one line", () => {
    expect(parseKeySource("keystore:/keys/relayer.json?passphrase=/run/secrets/p")).toEqual({
      kind: "keystore",
      path: "/keys/relayer.json",
      passphrasePath: "/run/secrets/p",
    });
    expect(parseKeySource(`aws-kms:${awsKeyArn}`)).toEqual({
      kind: "aws-kms",
      keyArn: awsKeyArn,
      region: "eu-central-1",
    });
    expect(parseKeySource(`gcp-kms:${gcpKeyVersion}`)).toEqual({ kind: "gcp-kms", keyVersion: gcpKeyVersion });
  });

  it("is nowhere by any other line", () => {
    const wrong = [
      "",
      wallet.privateKey,
      "keystore:/keys/relayer.json",
      "aws-kms:1234abcd",
      "aws-kms:arn:aws:kms:eu-central-1:1:key/1",
      "gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k",
      `vault:${awsKeyArn}`,
    ];
    for (const line of wrong) expect(parseKeySource(line), line).toBeUndefined();
  });
});
