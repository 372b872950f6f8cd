import { expect } from "chai";
import { Interface, ZeroAddress, ZeroHash, parseEther } from "ethers";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { usdcAbi } from "../../scripts/chain/usdc.ts";
import { codeAnswering } from "./answering.ts";
import { placeCoordinatorOf, placeUsdcOf, runDeploy, sentBy, startStage, usdcAddressOf, type Stage } from "./stage.ts";

const deployer = devAccounts.deployer;

describe("deploy refuses, before it sends anything", function () {
  this.timeout(60_000);
  let amoy: Stage;
  let polygon: Stage;

  before(async () => {
    [amoy, polygon] = await Promise.all([startStage("amoy"), startStage("polygon")]);
    await Promise.all([placeUsdcOf(amoy), placeUsdcOf(polygon)]);
    await Promise.all([placeCoordinatorOf(amoy), placeCoordinatorOf(polygon)]);
  });

  after(async () => {
    await Promise.all([amoy.stop(), polygon.stop()]);
  });

  async function refusal(stage: Stage, changes: Record<string, string | undefined>, ...options: string[]) {
    const { exitCode, stdout, stderr } = await runDeploy(stage, changes, ...options);
    expect(exitCode).to.equal(1);
    expect(stdout).to.equal("");
    expect(await sentBy(stage)).to.equal(0);
    return stderr;
  }

  it("without a key, and names where one belongs", async () => {
    expect(await refusal(amoy, { DEPLOYER_PRIVATE_KEY: undefined })).to.equal(
      "There is no key to deploy with: DEPLOYER_PRIVATE_KEY is neither in the environment nor in Hardhat's keystore. " +
        "Set it with `npx pnpm@12 exec hardhat keystore set DEPLOYER_PRIVATE_KEY`.\n",
    );
  });

  it("with a broken key, and does not show it", async () => {
    const key = deployer.privateKey.slice(0, -1);
    expect(await refusal(amoy, { DEPLOYER_PRIVATE_KEY: key }))
      .to.contain("DEPLOYER_PRIVATE_KEY is no private key")
      .and.not.contain(key.slice(2));
  });

  it("without an RPC URL", async () => {
    expect(await refusal(amoy, { AMOY_RPC_URL: undefined })).to.contain(
      "There is no RPC URL for Amoy: AMOY_RPC_URL is neither in the environment nor in Hardhat's keystore.",
    );
  });

  it("on another chain than the one that was meant", async () => {
    expect(await refusal(amoy, { AMOY_RPC_URL: polygon.chain.url })).to.contain(
      "The RPC that was given for Amoy serves chain 137, expected 80002.",
    );
  });

  it("without a treasury, and with the zero address", async () => {
    expect(await refusal(amoy, { TREASURY_ADDRESS: undefined })).to.contain("There is no treasury");
    expect(await refusal(amoy, { TREASURY_ADDRESS: ZeroAddress })).to.contain("expected an address other than zero");
  });

  it("with its own key's account as the treasury on Polygon, unless that is confirmed", async () => {
    const own = { TREASURY_ADDRESS: deployer.address };
    expect(await refusal(polygon, own)).to.contain("The treasury is the deployer's own account");

    await polygon.provider.send("hardhat_setBalance", [deployer.address, "0x0"]);
    expect(await refusal(polygon, own, "--treasury-is-deployer")).to.contain("has 0.0 POL");
  });

  it("without the coin for the gas, and says how much is missing", async () => {
    await amoy.provider.send("hardhat_setBalance", [deployer.address, `0x${parseEther("0.1").toString(16)}`]);
    const words = await refusal(amoy, {});
    await amoy.provider.send("hardhat_setBalance", [deployer.address, `0x${parseEther("10").toString(16)}`]);

    const figures = /has 0\.1 POL on Amoy, needed are (\S+) \((\d+) gas at (\S+) gwei\).* Send it (\S+) POL/.exec(
      words,
    );
    expect(figures, words).to.not.equal(null);
    const [needed, gas, price, missing] = figures!.slice(1).map(Number);
    // In millionths: the matchers that are loaded with the contracts' tests compare whole numbers only.
    const millionths = (value: number) => Math.round(value * 1e6);
    expect(millionths(price!)).to.be.within(30e6, 35e6);
    expect(millionths(needed!)).to.be.closeTo(millionths((gas! * price!) / 1e9), 1);
    expect(millionths(missing!)).to.be.closeTo(millionths(needed! - 0.1), 1);
  });

  describe("a token that is not USDC", () => {
    let bare: Stage;

    before(async () => {
      bare = await startStage("polygon");
    });

    after(() => bare.stop());

    const pretend = { name: "USD Coin", version: "2", decimals: 6, DOMAIN_SEPARATOR: ZeroHash };
    const refused = "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359 on Polygon is not USDC";

    async function place(answers: Record<string, unknown>) {
      const code = codeAnswering(new Interface(usdcAbi), answers);
      await bare.provider.send("hardhat_setCode", [usdcAddressOf(bare.target), code]);
    }

    it("because nothing is there", async () => {
      expect(await refusal(bare, {})).to.contain(`${refused}: its code is empty`);
    });

    it("because it signs for another domain", async () => {
      await place(pretend);
      expect(await refusal(bare, {})).to.contain(
        `${refused}: DOMAIN_SEPARATOR() is ${ZeroHash}, ` +
          "expected 0xcaa2ce1a5703ccbe253a34eb3166df60a705c561b44b192061e28f2a985be2ca",
      );
    });

    it("because its name, version or decimals differ", async () => {
      for (const [view, answer] of Object.entries({ name: "USDC", version: "1", decimals: 18 })) {
        await place({ ...pretend, [view]: answer });
        expect(await refusal(bare, {})).to.contain(
          `${refused}: ${view}() is ${answer}, expected ${pretend[view as "name"]}`,
        );
      }
    });

    it("because it does not answer", async () => {
      await place({ name: pretend.name });
      expect(await refusal(bare, {})).to.contain(`${refused}: version() is not answered (`);
    });
  });
});
