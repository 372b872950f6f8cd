import { FetchRequest, JsonRpcProvider, Network, isCallException, isError } from "ethers";

/** The chain's node did not answer. Says nothing of its URL, which often holds a key. */
export class NodeUnreachable extends Error {
  override readonly name = "NodeUnreachable";
}

const timeoutMs = 8_000;

/** The chain as this node of the oracle sees it, through its own RPC. */
export class ChainReader extends JsonRpcProvider {
  constructor(url: string, chainId: number) {
    const request = new FetchRequest(url);
    request.timeout = timeoutMs;
    // A network of its own name: ethers attaches a public gas station to those that it knows.
    const network = new Network(`chain-${chainId}`, chainId);
    super(request, network, { staticNetwork: network, batchStallTime: 0, cacheTimeout: -1 });
  }

  /** @throws NodeUnreachable where there is no answer; what a contract reverts with as ethers has it */
  override async send(method: string, params: unknown[] | Record<string, unknown>): Promise<unknown> {
    try {
      return (await super.send(method, params as unknown[])) as unknown;
    } catch (error) {
      if (isCallException(error)) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      const status = isError(error, "SERVER_ERROR") ? `, ${error.shortMessage}` : "";
      // Without the cause: ethers writes the URL into it.
      throw new NodeUnreachable(`The chain's node did not answer ${method} (${code}${status}).`);
    }
  }

  /** Unix seconds of the newest block. */
  async timeSeconds(): Promise<bigint> {
    const block = await this.getBlock("latest");
    if (block === null) throw new NodeUnreachable("The chain's node has no newest block.");
    return BigInt(block.timestamp);
  }
}
