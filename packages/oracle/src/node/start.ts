import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError } from "@hireforhumans/protocol";
import { openSigner } from "@hireforhumans/signers";
import { Wallet } from "ethers";
import type { Logger } from "pino";
import { createPublicNetwork } from "../public-network.ts";
import { connectJudge } from "../rubric/connect.ts";
import { createTransactionSource } from "../transactions.ts";
import { ChainReader } from "./chain.ts";
import type { NodeConfig } from "./config.ts";
import { createOracleNode } from "./node.ts";
import { createNodeService } from "./service.ts";
import { openNodeStore } from "./store.ts";

export interface RunningNode {
  url: string;
  /** The account by which it signs. */
  verifier: string;
  /** Ends what it is about, and closes the database. */
  stop(): Promise<void>;
}

/** @throws SignerRefused, SignerUnavailable; where the port is taken, the database can't be opened, or the model's package is not installed */
export async function startNode(config: NodeConfig, log: Logger): Promise<RunningNode> {
  const { chainId, escrow } = config;
  const signer = config.signer instanceof Wallet ? config.signer : await openSigner(config.signer);
  const judge = config.judge && (await connectJudge(config.judge));
  const store = openNodeStore(config.database);
  const chain = new ChainReader(config.rpcUrl, chainId);
  const network = createPublicNetwork({ allowLoopback: config.allowLoopback });
  const sources = {
    chainId,
    ...(judge === undefined ? {} : { judge }),
    fetch: (url: URL, { signal }: { signal: AbortSignal }) => network.request(url, { method: "GET", signal }),
    transaction: createTransactionSource(new Map([[chainId, chain]])),
  };
  const service = createNodeService({
    node: createOracleNode({ signer, escrow, chain, sources, store, log }),
    store,
    chainId,
    escrow,
    gatewayUrl: config.gatewayUrl,
    gatewayToken: config.gatewayToken,
    requireReady: () => requireReady(chain, config),
    log,
  });
  const server = createServer(service as RequestListener);
  const close = async () => {
    chain.destroy();
    await network.close();
    store.close();
  };
  try {
    server.listen(config.port, config.host);
    await once(server, "listening");
  } catch (error) {
    await close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.host}:${port}`,
    verifier: signer.address,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      await closed;
      await close();
    },
  };
}

async function requireReady(chain: ChainReader, { chainId, escrow }: NodeConfig): Promise<void> {
  const actual = Number(await chain.send("eth_chainId", []));
  const unready = (detail: string) => new ApiError("unavailable", detail);
  if (actual !== chainId) throw unready(`The chain's node is of chain ${actual}; the configuration says ${chainId}.`);
  if ((await chain.getCode(escrow)) === "0x") throw unready(`There is no contract at ${escrow}, the escrow.`);
}
