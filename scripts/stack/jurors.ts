import {
  ArbitrationPool__factory,
  ONE_USDC,
  poolDomain,
  signWord,
  usdcInterface,
  type ArbitrationPool,
} from "@hireforhumans/protocol";
import { Contract, MaxUint256, Wallet } from "ethers";
import { type LocalDeployment, mintLocalUsdc } from "../chain/deploy-local.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { localProvider } from "../chain/provider.ts";

const stake = 200n * ONE_USDC;
const deposit = 500n * ONE_USDC;

/**
 * Lets every juror of `devAccounts` stake 200 USDC by a signed word, and gives the parties of the local stories 500 USDC
 * each in the pool, from which they can bond.
 */
export async function seedJurors(url: string, deployment: LocalDeployment): Promise<void> {
  const owners = [...devAccounts.jurors.map(({ address }) => ({ address, amount: stake }))];
  for (const { address } of [devAccounts.client, ...devAccounts.workers]) owners.push({ address, amount: deposit });
  const total = owners.reduce((sum, { amount }) => sum + amount, 0n);
  await mintLocalUsdc(url, deployment.usdc, devAccounts.usdcIssuer.address, total);

  const provider = localProvider(url);
  try {
    const issuer = new Wallet(devAccounts.usdcIssuer.privateKey, provider);
    const pool = ArbitrationPool__factory.connect(deployment.arbitrationPool, issuer);
    const usdc = new Contract(deployment.usdc, usdcInterface, issuer);
    await (await usdc.getFunction("approve").send(deployment.arbitrationPool, MaxUint256)).wait();
    const deposits = owners.map(({ address, amount }) =>
      pool.interface.encodeFunctionData("deposit", [address, amount]),
    );
    await (await pool.multicall([...deposits, ...(await stakeCalls(pool, deployment))])).wait();
  } finally {
    provider.destroy();
  }
}

async function stakeCalls(pool: ArbitrationPool, { chainId, arbitrationPool }: LocalDeployment): Promise<string[]> {
  const domain = poolDomain(chainId, arbitrationPool);
  const validUntil = MaxUint256;
  return await Promise.all(
    devAccounts.jurors.map(async ({ address, privateKey }) => {
      const word = { juror: address, amount: stake, nonce: 0n, validUntil };
      const signature = await signWord(new Wallet(privateKey), domain, "Stake", word);
      return pool.interface.encodeFunctionData("stake", [address, stake, validUntil, signature]);
    }),
  );
}
