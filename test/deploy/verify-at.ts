/** `verify` with the explorers' addresses replaced: verify-at.ts <explorer url> <folder of the deployment>. */
import config from "../../hardhat.config.ts";
import { environmentOf, withoutKey } from "../../scripts/deployment/environment.ts";
import { placesOf, readRecord } from "../../scripts/deployment/record.ts";
import { runForDeployer } from "../../scripts/deployment/run.ts";
import { targets } from "../../scripts/deployment/targets.ts";
import { verify } from "../../scripts/deployment/verify.ts";

const [explorerUrl = "", out = ""] = process.argv.slice(2);
const target = targets.amoy;

await runForDeployer(async () => {
  const hre = await environmentOf(target, {
    ...withoutKey(target),
    chainDescriptors: {
      [target.chainId]: {
        name: target.title,
        blockExplorers: { etherscan: { url: explorerUrl, apiUrl: `${explorerUrl}/etherscan` } },
      },
    },
    verify: { ...config.verify, sourcify: { apiUrl: explorerUrl } },
  });
  await verify(hre, target, await readRecord(placesOf(target, out)), (line) => console.log(line));
});
