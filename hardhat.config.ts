import { createRequire } from "node:module";
import { configVariable, defineConfig } from "hardhat/config";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";

const require = createRequire(import.meta.url);

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    version: "0.8.37",
    // The compiler comes from the npm registry like every other dependency; nothing is downloaded at run time.
    path: require.resolve("solc/soljson.js"),
    settings: {
      evmVersion: "cancun",
      viaIR: true,
      optimizer: { enabled: true, runs: 1_000_000 },
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
