import { ContractFactory, Wallet } from "ethers";
import { SiweMessage } from "siwe";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Nonce, type Session, signInMessage } from "@hireforhumans/protocol";
import { readArtifact } from "../../../../scripts/chain/artifacts.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { sweepSessions } from "../../src/workers/sessions.ts";
import { sweepSignIns } from "../../src/workers/sign-in.ts";
import { type MatchingWorld, matchingWorld } from "../matching/world.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { describeOnDatabases } from "../support/database.ts";

describe("signing in", () => {
  let chain: TestChain;
  beforeAll(async () => {
    chain = await startTestChain();
  });
  afterAll(() => chain.stop());

  describeOnDatabases("with an Ethereum account", (database) => {
    let world: MatchingWorld;
    const wallet = Wallet.createRandom();

    beforeAll(async () => {
      world = await matchingWorld(database(), { url: chain.chain.url, deployment: chain.deployment });
    });
    beforeEach(() => world.clear());
    afterAll(() => world.stop());

    const begin = async (address = wallet.address): Promise<Nonce> => {
      const { status, body } = await world.call("POST", "/v1/auth/nonce", undefined, { address });
      expect(status).toBe(201);
      return body as Nonce;
    };
    const signIn = (message: string, signature: string) =>
      world.call("POST", "/v1/auth/sign-in", undefined, { message, signature });
    async function session(account = wallet): Promise<Session> {
      const { message } = await begin(account.address);
      const { body } = await signIn(message, await account.signMessage(message));
      return body as Session;
    }
    const refused = { status: 401, body: { code: "sign_in_refused" } };

    it("gives an EIP-4361 message for this site, chain and account, which ends", async () => {
      const { message, nonce, expires_at } = await begin();
      expect(new SiweMessage(message)).toMatchObject({
        domain: "work.example",
        uri: "https://work.example",
        address: wallet.address,
        chainId: Number(chain.deployment.chainId),
        version: "1",
        nonce,
        expirationTime: expires_at,
      });
      expect(nonce).not.toBe((await begin()).nonce);
    });

    it("makes the worker at the first sign-in and finds it again at the next", async () => {
      const first = await session();
      expect(first).toMatchObject({
        worker: { address: wallet.address, presence: "offline", profiles: [], capacity: 1, load: 0, credit: "0.00" },
      });
      expect(first.token).toMatch(/^hfw_/);
      const me = await world.call("GET", "/v1/workers/me", first.token);
      expect(me).toMatchObject({ status: 200, body: { id: first.worker.id } });
      const second = await session();
      expect(second.worker.id).toBe(first.worker.id);
      expect(second.token).not.toBe(first.token);
    });

    it("takes each message once, also when it comes many times in one moment", async () => {
      const { message } = await begin();
      const signature = await wallet.signMessage(message);
      const answers = await Promise.all(Array.from({ length: 5 }, () => signIn(message, signature)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401]);
      expect(await signIn(message, signature)).toMatchObject(refused);
    });

    it("refuses a message that was changed, whatever in it", async () => {
      const { message } = await begin();
      const changes: [string, string][] = [
        ["work.example", "evil.example"],
        ["https://work.example", "https://evil.example"],
        [`Chain ID: ${chain.deployment.chainId}`, "Chain ID: 137"],
        [wallet.address, Wallet.createRandom().address],
        ["Expiration Time: 2", "Expiration Time: 3"],
        ["moves no money", "moves money"],
        ["\n", "\r\n"],
      ];
      for (const [from, to] of changes) {
        const changed = message.replace(from, to);
        expect(changed).not.toBe(message);
        expect(await signIn(changed, await wallet.signMessage(changed)), to).toMatchObject(refused);
      }
      expect((await signIn(message, await wallet.signMessage(message))).status).toBe(200);
    });

    it("refuses a message of the caller's own making", async () => {
      const issuedAt = new Date();
      const message = signInMessage({
        domain: "work.example",
        address: wallet.address,
        statement: "Sign in to HireForHumans. This costs nothing and moves no money.",
        uri: "https://work.example",
        chainId: Number(chain.deployment.chainId),
        nonce: "0123456789abcdef",
        issuedAt,
        expiresAt: new Date(issuedAt.getTime() + 600_000),
      });
      expect(await signIn(message, await wallet.signMessage(message))).toMatchObject(refused);
    });

    it("refuses a signature of somebody else, and what is none", async () => {
      const { message } = await begin();
      const stranger = Wallet.createRandom();
      for (const signature of [
        await stranger.signMessage(message),
        await wallet.signMessage("hello"),
        `0x${"00".repeat(65)}`,
      ]) {
        expect(await signIn(message, signature)).toMatchObject(refused);
      }
      const malformed = await signIn(message, "0xzz");
      expect(malformed).toMatchObject({ status: 422, body: { param: "signature" } });
      const long = await signIn("x".repeat(4001), `0x${"00".repeat(65)}`);
      expect(long).toMatchObject({ status: 422, body: { param: "message" } });
    });

    it("refuses a message after its time, and forgets it", async () => {
      const { message } = await begin();
      await world.ctx.db
        .updateTable("sign_ins")
        .set({ expires_at: new Date(Date.now() - 1000) })
        .execute();
      expect(await signIn(message, await wallet.signMessage(message))).toMatchObject(refused);
      expect(await sweepSignIns(world.ctx.db)).toBe(1);
    });

    it("lets a contract account in by its owner's signature, and by nobody else's", async () => {
      const { abi, bytecode } = await readArtifact("testing", "TestERC1271Account");
      const deployer = new Wallet(devAccounts.stranger.privateKey, chain.node);
      const account = await new ContractFactory(abi as [], bytecode, deployer).deploy(wallet.address);
      await account.waitForDeployment();
      const { message } = await begin(await account.getAddress());
      expect(await signIn(message, await Wallet.createRandom().signMessage(message))).toMatchObject(refused);
      expect(await signIn(message, await wallet.signMessage(message))).toMatchObject({
        status: 200,
        body: { worker: { address: await account.getAddress() } },
      });
    });

    it("ends a session at sign-out, and that one alone", async () => {
      const [one, other] = [await session(), await session()];
      expect((await world.call("POST", "/v1/auth/sign-out", one.token)).status).toBe(204);
      expect((await world.call("GET", "/v1/workers/me", one.token)).status).toBe(401);
      expect((await world.call("GET", "/v1/workers/me", other.token)).status).toBe(200);
      expect((await world.call("POST", "/v1/auth/sign-out")).status).toBe(401);
    });

    it("ends a session after its time, and keeps no token that could be stolen", async () => {
      const { token } = await session();
      const stored = await world.ctx.db.selectFrom("sessions").selectAll().execute();
      expect(JSON.stringify(stored)).not.toContain(token.slice(4));
      await world.ctx.db
        .updateTable("sessions")
        .set({ expires_at: new Date(Date.now() - 1000) })
        .execute();
      expect((await world.call("GET", "/v1/workers/me", token)).status).toBe(401);
      expect(await sweepSessions(world.ctx.db)).toBe(1);
    });
  });
});
