import { expect } from "chai";
import {
  ArbitrationPool__factory,
  Escrow__factory,
  Reputation__factory,
  VRF_COORDINATORS,
  VerifierCommittee__factory,
} from "@hireforhumans/protocol";
import { Contract, toBeHex, zeroPadValue, type Interface } from "ethers";
import { readCoordinatorArtifact } from "../../scripts/chain/artifacts.ts";
import { devAccounts } from "../../scripts/chain/dev-accounts.ts";
import { deployed, recordOf } from "./outcome.ts";
import { placeCoordinatorOf, placeUsdcOf, startStage, type Stage } from "./stage.ts";

/**
 * Every function that changes something, by who may call it with effect. A new one has to be put here, and so be thought
 * about: "anyone" is held by the state of a job or case; a "party" speaks for itself, its own money and its own job only.
 */
const changing = {
  Escrow: {
    anyone: ["fundWithAuthorization", "reopen", "refund", "settle", "withdraw", "multicall", "tryMulticall"],
    // Carried by anyone with the signature of whom it binds.
    party: [
      "fund",
      "fundWithPermit",
      "cancel",
      "accept",
      "submit",
      "release",
      "complete",
      "dispute",
      "setSpendingLimit",
    ],
    verifier: ["reject"],
    arbiter: ["rule"],
  },
  Reputation: {
    // Of records under its own address only; the escrow reads those under the escrow's.
    anyone: ["record"],
  },
  ArbitrationPool: {
    anyone: ["deposit", "depositWithAuthorization", "collect", "unstake", "reweigh", "requestDraw", "draw", "reveal"],
    alsoAnyone: ["denounce", "tally", "rule", "multicall"],
    party: ["withdraw", "setStandingAnswer", "addEvidence", "answer", "appeal"],
    juror: ["stake", "retire", "commit"],
    escrow: ["open"],
    coordinator: ["rawFulfillRandomWords"],
  },
  // Not a part of the deployment: anyone deploys one.
  VerifierCommittee: { members: ["nameSuccessor"] },
} as const;

const interfaces: Record<keyof typeof changing, Interface> = {
  Escrow: Escrow__factory.createInterface(),
  Reputation: Reputation__factory.createInterface(),
  ArbitrationPool: ArbitrationPool__factory.createInterface(),
  VerifierCommittee: VerifierCommittee__factory.createInterface(),
};

/** EIP-1967: where a proxy keeps its implementation, its admin and its beacon. */
const proxySlots = [
  "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
];

describe("who has a power over a deployment on Amoy", function () {
  this.timeout(60_000);
  let stage: Stage;
  let addresses: Omit<Record<keyof typeof changing, string>, "VerifierCommittee">;

  before(async () => {
    stage = await startStage("amoy");
    await placeUsdcOf(stage);
    await placeCoordinatorOf(stage);
    await deployed(stage);
    const { escrow, reputation, arbitrationPool } = await recordOf(stage);
    addresses = { Escrow: escrow, Reputation: reputation, ArbitrationPool: arbitrationPool };
  });

  after(() => stage.stop());

  for (const [name, byCaller] of Object.entries(changing)) {
    it(`${name} has no function that changes something but those known here`, () => {
      const functions = interfaces[name as keyof typeof changing].fragments.filter(({ type }) => type === "function");
      const writing = functions.filter((fragment) => !/\b(view|pure)\b/.test(fragment.format("full")));
      const names = writing.map((fragment) => /^function (\w+)/.exec(fragment.format("full"))![1]);
      expect(names).to.have.members(Object.values(byCaller).flat());
    });
  }

  it("none is a proxy, and none has an account of the deployer's in its first slots", async () => {
    const held = [devAccounts.deployer.address, devAccounts.treasury.address].map((each) =>
      each.slice(2).toLowerCase(),
    );
    for (const [name, address] of Object.entries(addresses)) {
      for (const slot of proxySlots) expect(await stage.provider.getStorage(address, slot)).to.equal(toBeHex(0, 32));
      for (let slot = 0; slot < 64; slot += 1) {
        const word = await stage.provider.getStorage(address, zeroPadValue(toBeHex(slot), 32));
        for (const account of held) expect(word, `slot ${slot} of ${name}`).to.not.contain(account);
      }
    }
  });

  it("the pool owns its subscription itself, so nobody can end or empty it", async () => {
    const { abi } = await readCoordinatorArtifact();
    const { coordinator } = VRF_COORDINATORS[stage.target.chainId]!;
    const chainlink = new Contract(coordinator, abi as [], stage.provider);
    const pool = ArbitrationPool__factory.connect(addresses.ArbitrationPool, stage.provider);
    const subscription = (await chainlink.getFunction("getSubscription")(await pool.SUBSCRIPTION_ID())) as {
      subOwner: string;
      consumers: string[];
    };
    expect(subscription.subOwner).to.equal(addresses.ArbitrationPool);
    expect([...subscription.consumers]).to.deep.equal([addresses.ArbitrationPool]);
    for (const what of ["cancelSubscription", "removeConsumer", "requestSubscriptionOwnerTransfer"]) {
      for (const contract of Object.values(interfaces)) expect(contract.getFunction(what)).to.equal(null);
    }
  });

  it("the pool was deployed with the parameters of the design", async () => {
    const pool = ArbitrationPool__factory.connect(addresses.ArbitrationPool, stage.provider);
    const hours = async (seconds: Promise<bigint>): Promise<number> => Number(await seconds) / 3_600;
    expect(await hours(pool.EVIDENCE_WINDOW())).to.equal(2);
    expect(await hours(pool.COMMIT_WINDOW())).to.equal(1);
    expect(await hours(pool.REVEAL_WINDOW())).to.equal(1);
    expect(await hours(pool.APPEAL_WINDOW())).to.equal(12);
    // A day below the escrow's backstop at most, and leaving takes longer than any case.
    expect(await pool.longestCase()).to.be.lessThan(29n * 86_400n);
    expect(await pool.EXIT_DELAY()).to.be.greaterThan(await pool.longestCase());
  });
});
