import { Contract, type JsonRpcProvider } from "ethers";
import { usdcAbi } from "../../scripts/chain/usdc.ts";
import { placeCoordinatorOf, placeUsdcOf, startStage } from "../deploy/stage.ts";

export interface Upstream {
  url: string;
  stop(): Promise<void>;
}

const publicUrl = process.env["POLYGON_RPC_URL"];

/** For the title of a test: where its chain comes from. */
export const upstreamName =
  publicUrl === undefined
    ? "a local node with chain id 137 and real USDC at its address (POLYGON_RPC_URL is not set)"
    : "Polygon, by POLYGON_RPC_URL";

/** A fork starts that far behind its upstream's head (Hardhat's guard against reorgs). */
const settledBlocks = 130;

export async function openUpstream(): Promise<Upstream> {
  if (publicUrl !== undefined) return { url: publicUrl, stop: () => Promise.resolve() };
  const stage = await startStage("polygon");
  await placeUsdcOf(stage);
  await placeCoordinatorOf(stage);
  await stage.chain.mine(settledBlocks);
  return { url: stage.chain.url, stop: () => stage.stop() };
}

/** Mints base units as Circle would: by its master minter, whom a fork lets us speak for. */
export async function mintAsCircle(provider: JsonRpcProvider, usdc: string, to: string, amount: bigint): Promise<void> {
  const view = new Contract(usdc, usdcAbi, provider);
  const master = String(await view.getFunction("masterMinter").staticCall());
  await provider.send("hardhat_impersonateAccount", [master]);
  await provider.send("hardhat_setBalance", [master, "0xde0b6b3a7640000"]);
  const minter = new Contract(usdc, usdcAbi, await provider.getSigner(master));
  await (await minter.getFunction("configureMinter").send(master, amount)).wait();
  await (await minter.getFunction("mint").send(to, amount)).wait();
  await provider.send("hardhat_stopImpersonatingAccount", [master]);
}
