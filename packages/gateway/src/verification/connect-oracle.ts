import {
  connectJudge,
  createCommittee,
  createNodeClient,
  createOracle,
  createTransactionSource,
  type Judge,
  type Oracle,
  type PublicNetwork,
} from "@hireforhumans/oracle";
import type { Signer } from "ethers";
import type { Logger } from "pino";
import type { ChainNode } from "../chain/node.ts";
import type { Config } from "../config.ts";
import type { FileStore } from "../evidence/files.ts";
import type { Metrics } from "../observability/metrics.ts";
import { fileLinkOf } from "../evidence/file-links.ts";

export interface OracleParts {
  /** Signs where this process verifies itself; undefined where oracles elsewhere do. */
  verifier: Signer | undefined;
  node: ChainNode;
  files: FileStore;
  network: PublicNetwork;
  log: Logger;
  metrics: Metrics;
}

/** The oracle of the configuration: in this process with a verifier's key, or elsewhere with ORACLE_NODES. */
export async function connectOracle(
  config: Config,
  { verifier, node, files, network, log, metrics }: OracleParts,
): Promise<Oracle> {
  const { oracleNodes, committee, chainId, escrow, publicUrl } = config;
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
  if (verifier === undefined) throw new Error("There are neither nodes of the oracle nor a verifier's key.");
  const judge = await judgeOf(config);
  return createOracle({
    signer: verifier,
    escrow: escrow,
    log,
    sources: {
      chainId: chainId,
      ...(judge === undefined ? {} : { judge }),
      openFile: (sha256) => files.open(sha256),
      fetch: (url, { signal }) => network.request(url, { method: "GET", signal }),
      transaction: createTransactionSource(new Map([[chainId, node]])),
    },
  });
}

/** The model that answers rubric questions where a job lets one; undefined where none is configured. */
async function judgeOf({ judgeProvider, judgeModel, judgeApiKey, judgeBaseUrl }: Config): Promise<Judge | undefined> {
  if (judgeProvider === undefined || judgeModel === undefined || judgeApiKey === undefined) return undefined;
  const apiKey = judgeApiKey.reveal();
  return connectJudge({ provider: judgeProvider, model: judgeModel, apiKey, baseUrl: judgeBaseUrl });
}
