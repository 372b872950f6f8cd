import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Contract } from "ethers";
import { Escrow__factory } from "@hireforhumans/protocol";
import { deployLocal, mintLocalUsdc } from "../../scripts/chain/deploy-local.ts";
import { type DevAccount, devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { startLocalChain, type LocalChain, type LocalChainOptions } from "../../scripts/chain/local-chain.ts";
import { localProvider } from "../../scripts/chain/provider.ts";
import { usdcAbi } from "../../scripts/chain/usdc.ts";
import { start } from "./stage.ts";

describe("a local chain", function () {
  this.timeout(30_000);
  const chains: LocalChain[] = [];

  async function startChain(options: LocalChainOptions = {}): Promise<LocalChain> {
    const chain = await startLocalChain(options);
    chains.push(chain);
    return chain;
  }

  afterEach(async () => {
    await Promise.all(chains.splice(0).map((chain) => chain.stop()));
  });

  it("bears the chain id that was asked for, and coin for every role", async () => {
    const chain = await startChain({ chainId: 80_002 });
    expect(await chain.rpc("eth_chainId")).to.equal("0x13882");
    const single = Object.values(devAccounts).filter((account) => !Array.isArray(account)) as DevAccount[];
    for (const { address } of [...devAccounts.workers, ...single]) {
      expect(Number(await chain.rpc("eth_getBalance", [address, "latest"]))).to.equal(1e22);
    }
  });

  it("names a port that is taken", async () => {
    const { port } = await startChain();
    const refusal = await startLocalChain({ port }).catch((error: unknown) => error);
    expect((refusal as Error).message).to.equal(
      `Port ${port} on 127.0.0.1 is taken. Stop what listens there, or start the local chain on another port.`,
    );
  });

  it("moves its clock on demand, and stays at the wall's over many quick blocks", async () => {
    const chain = await startChain();
    await chain.mine(50);
    expect(await chain.timeSeconds()).to.be.closeTo(Math.round(Date.now() / 1_000), 5);
    const before = await chain.timeSeconds();
    expect(await chain.increaseTime(3_600)).to.be.within(before + 3_600, before + 3_605);
  });

  it("mines by the clock where that is asked for", async () => {
    const chain = await startChain({ blockIntervalMs: 50 });
    const blocks = async (): Promise<number> => Number(await chain.rpc("eth_blockNumber"));
    const before = await blocks();
    while ((await blocks()) < before + 3) await sleep(10);
  });

  it("gets USDC and our contracts at once, also where it mines by the clock", async () => {
    const chain = await startChain({ blockIntervalMs: 60_000 });
    const { escrow, usdc, treasury, deployBlock } = await deployLocal(chain.url);
    const provider = localProvider(chain.url);
    try {
      expect(await Escrow__factory.connect(escrow, provider).TREASURY()).to.equal(treasury);
      expect(await provider.getCode(escrow, deployBlock - 1)).to.equal("0x");
      expect(await chain.rpc("hardhat_getAutomine")).to.equal(false);

      await chain.rpc("evm_setAutomine", [true]);
      await mintLocalUsdc(chain.url, usdc, devAccounts.client.address, 5_000_000n);
      const balance: unknown = await new Contract(usdc, usdcAbi, provider)
        .getFunction("balanceOf")
        .staticCall(devAccounts.client.address);
      expect(balance).to.equal(5_000_000n);
    } finally {
      provider.destroy();
    }
  });

  it("ends when it is stopped, and stopping again is no fault", async () => {
    const chain = await startChain();
    await chain.stop();
    await chain.stop();
    expect(await chain.exited).to.contain("SIGKILL");
    expect(await answers(chain.url)).to.equal(false);
  });

  it("ends with the process that started it, even when that one is killed", async () => {
    const parent = start("orphan.ts", [], {});
    const [line] = (await once(parent.stdout!, "data")) as [Buffer];
    const url = line.toString().trim();
    expect(await answers(url)).to.equal(true);
    parent.kill("SIGKILL");
    while (await answers(url)) await sleep(20);
  });
});

async function answers(url: string): Promise<boolean> {
  return fetch(url, { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}' }).then(
    () => true,
    () => false,
  );
}
