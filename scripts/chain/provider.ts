import { JsonRpcProvider, Network } from "ethers";

class LocalProvider extends JsonRpcProvider {
  /** ethers asks a public gas station for fees on every chain that it knows by id, also where a local one bears it. */
  override async _detectNetwork(): Promise<Network> {
    const { chainId } = await super._detectNetwork();
    return new Network("local", chainId);
  }
}

/**
 * An ethers provider for a local chain: it sees a block as soon as it is mined. `destroy()` it when done.
 * @param url of the chain's JSON-RPC over HTTP
 */
export function localProvider(url: string): JsonRpcProvider {
  return new LocalProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
}
