import { Wallet } from "ethers";
import { createAwsKmsSigner } from "@hireforhumans/signers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { awsKeyArn, startAwsKms } from "../../../signers/test/aws-kms-server.ts";
import type { KeyServer } from "../../../signers/test/key-server.ts";
import { type KeyRolesShared, openRelayer, openVerifier, requireRolesApart } from "../../src/chain/keys.ts";
import { createTransactionSigner } from "../../src/chain/signer.ts";
import { readConfig } from "../../src/config.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { describeOnDatabases } from "../support/database.ts";
import { clearOutbox, limitIntent, limitsSetBy, makeOutbox } from "../support/outbox.ts";

const { relayer } = devAccounts;
let world: TestChain;
let keys: KeyServer;
beforeAll(async () => {
  world = await startTestChain();
  keys = await startAwsKms(relayer.privateKey);
});
afterAll(async () => {
  await keys.stop();
  await world.stop();
});

describeOnDatabases("an outbox whose key is in a key service", (database) => {
  it(
    "does each intent once and leaves no nonce out, though the service is throttled, silent and away",
    { timeout: 60_000 },
    async () => {
      const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not used by anybody" };
      const endpoint = `http://127.0.0.1:${keys.port}`;
      const signer = createTransactionSigner(
        await createAwsKmsSigner(awsKeyArn, { region: "eu-central-1", endpoint, credentials }),
      );
      const outbox = makeOutbox(world, database(), { signer });
      await outbox.start();
      try {
        const before = await world.node.transactionCount(relayer.address, "latest");
        const intents = Array.from({ length: 4 }, (_, index) => limitIntent(world, `remote ${index}`));
        // More refusals than one turn has patience for: the whole of it is undone and done again.
        keys.manners = ["throttled", "broken", "throttled", "throttled", "throttled", "silent"];
        const ids: string[] = [];
        for (const intent of intents)
          ids.push(
            await database()
              .db.transaction()
              .execute((trx) => outbox.enqueue(trx, intent)),
          );
        for (const id of ids) expect(await outbox.broadcast(id)).toMatch(/^0x[0-9a-f]{64}$/);
        const set = async () =>
          (await limitsSetBy(world, relayer.address)).filter((one) => intents.some(({ operator }) => operator === one));
        await expect.poll(async () => (await set()).length, { timeout: 20_000 }).toBe(4);
        expect((await set()).sort()).toEqual(intents.map(({ operator }) => operator).sort());
        const rows = await database().db.selectFrom("transactions").select("nonce").orderBy("nonce").execute();
        const nonces = [...new Set(rows.map(({ nonce }) => nonce))];
        expect(nonces).toEqual(nonces.map((_, index) => before + BigInt(index)));
        await expect
          .poll(() => world.node.transactionCount(relayer.address, "latest"))
          .toBe(before + BigInt(nonces.length));
      } finally {
        await outbox.stop();
        await clearOutbox(database());
      }
    },
  );
});

const address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
async function rolesOf(env: Record<string, string>): Promise<void> {
  const config = readConfig({ ESCROW_ADDRESS: address, REPUTATION_ADDRESS: address, USDC_ADDRESS: address, ...env });
  requireRolesApart(config, await openRelayer(config), await openVerifier(config));
}

it("refuses one key for relayer and verifier where money is real, and says whose it is", async () => {
  const [one, other] = [`0x${"11".repeat(32)}`, `0x${"22".repeat(32)}`];
  const public_ = { CHAIN_ID: "137", RELAYER_PRIVATE_KEY: one };
  const shared = { name: "KeyRolesShared" satisfies KeyRolesShared["name"] };
  await expect(rolesOf({ ...public_, ORACLE_PRIVATE_KEY: one })).rejects.toMatchObject(shared);
  await expect(rolesOf({ ...public_, ORACLE_PRIVATE_KEY: one })).rejects.toThrow(new Wallet(one).address);
  const node = { url: "https://oracle.example", address: new Wallet(one).address, token: "t".repeat(32) };
  await expect(rolesOf({ ...public_, ORACLE_NODES: JSON.stringify([node]) })).rejects.toMatchObject(shared);
  await rolesOf({ ...public_, ORACLE_PRIVATE_KEY: other });
  await rolesOf({ RELAYER_PRIVATE_KEY: one, ORACLE_PRIVATE_KEY: one });
});
