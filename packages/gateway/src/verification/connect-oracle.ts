import {
  createCommittee,
  createNodeClient,
  createOracle,
  createTransactionSource,
  type Oracle,
  type PublicNetwork,
} from "@hireforhumans/oracle";
import { Wallet } from "ethers";
import type { Logger } from "pino";
import type { ChainNode } from "../chain/node.ts";
import type { Config } from "../config.ts";
import type { FileStore } from "../evidence/files.ts";
import type { Metrics } from "../observability/metrics.ts";
import { fileLinkOf } from "../evidence/file-links.ts";

export interface OracleParts {
  node: ChainNode;
  files: FileStore;
  network: PublicNetwork;
  log: Logger;
  metrics: Metrics;
}

/** The oracle of the configuration: in this process with ORACLE_PRIVATE_KEY, or elsewhere with ORACLE_NODES. */
export async function connectOracle(
  config: Config,
  { node, files, network, log, metrics }: OracleParts,
): Promise<Oracle> {
  const { oraclePrivateKey, oracleNodes, committee, chainId, escrow, publicUrl } = config;
  if (oracleNodes !== undefined) {
    const nodes = oracleNodes.map(({ url, address, token }) =>
      createNodeClient({
        url,
        address,
        token: token.reveal(),
        linkTo: (sha256) => fileLinkOf(publicUrl, token, sha256),
      }),
    );
    const onNodeFailed = (verifier: string) => metrics.oracleNodeFailures.inc({ verifier });
    return createCommittee({ nodes, committee, provider: node, chainId, escrow, log, onNodeFailed });
  }
  // readConfig lets no configuration pass that has neither.
  if (oraclePrivateKey === undefined) throw new Error("Neither ORACLE_PRIVATE_KEY nor ORACLE_NODES is set.");
  return createOracle({
    signer: new Wallet(oraclePrivateKey.reveal()),
    escrow: escrow,
    log,
    sources: {
      chainId: chainId,
      openFile: (sha256) => files.open(sha256),
      fetch: (url, { signal }) => network.request(url, { method: "GET", signal }),
      transaction: createTransactionSource(new Map([[chainId, node]])),
    },
  });
}
