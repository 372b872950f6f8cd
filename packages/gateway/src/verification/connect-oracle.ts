import {
  createOracle,
  createRemoteOracle,
  createTransactionSource,
  type Oracle,
  type PublicNetwork,
} from "@hireforhumans/oracle";
import { Wallet } from "ethers";
import type { Logger } from "pino";
import type { ChainNode } from "../chain/node.ts";
import type { Config } from "../config.ts";
import type { FileStore } from "../evidence/files.ts";
import { fileLinkOf } from "../evidence/file-links.ts";

export interface OracleParts {
  node: ChainNode;
  files: FileStore;
  network: PublicNetwork;
  log: Logger;
}

/** The oracle of the configuration: in this process with ORACLE_PRIVATE_KEY, or elsewhere with ORACLE_URL. */
export async function connectOracle(config: Config, { node, files, network, log }: OracleParts): Promise<Oracle> {
  const { oraclePrivateKey, oracleUrl, oracleToken, oracleAddress } = config;
  if (oracleUrl !== undefined && oracleToken !== undefined && oracleAddress !== undefined) {
    return createRemoteOracle({
      url: oracleUrl,
      token: oracleToken.reveal(),
      address: oracleAddress,
      linkTo: (sha256) => fileLinkOf(config.publicUrl, oracleToken, sha256),
    });
  }
  // readConfig lets no configuration pass that has neither.
  if (oraclePrivateKey === undefined) throw new Error("Neither ORACLE_PRIVATE_KEY nor ORACLE_URL is set.");
  return createOracle({
    signer: new Wallet(oraclePrivateKey.reveal()),
    escrow: config.escrow,
    log,
    sources: {
      chainId: config.chainId,
      openFile: (sha256) => files.open(sha256),
      fetch: (url, { signal }) => network.request(url, { method: "GET", signal }),
      transaction: createTransactionSource(new Map([[config.chainId, node]])),
    },
  });
}
