import { HDNodeWallet, Mnemonic } from "ethers";

/** Known to everyone, so good for local chains only. Any money sent to its accounts on a public chain is lost. */
export const devMnemonic = "test test test test test test test test test test test junk";

const hdPath = "m/44'/60'/0'/0";
const workerCount = 8;
/** After the twenty that a local node gives coin. */
const firstJuror = 20;
const jurorCount = 9;

export interface DevAccount {
  address: string;
  privateKey: string;
}

export interface DevAccounts {
  deployer: DevAccount;
  /** Owner, minter and all other offices of the local USDC. */
  usdcIssuer: DevAccount;
  treasury: DevAccount;
  relayer: DevAccount;
  verifier: DevAccount;
  /** The wallet of an agent builder that pays for jobs. */
  client: DevAccount;
  /** Pays the reviewers of a local stack. */
  reviewFund: DevAccount;
  /** Sends transactions for whoever else a test needs. */
  stranger: DevAccount;
  workers: DevAccount[];
  /** They hold no coin: their words are carried. */
  jurors: DevAccount[];
}

function derive(index: number): DevAccount {
  const { address, privateKey } = root.deriveChild(index);
  return { address, privateKey };
}

const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(devMnemonic), hdPath);

/** By role. All but the jurors are given 10,000 of its own coin by a local chain. */
export const devAccounts: DevAccounts = {
  deployer: derive(0),
  usdcIssuer: derive(1),
  treasury: derive(2),
  relayer: derive(3),
  verifier: derive(4),
  client: derive(5),
  stranger: derive(6),
  reviewFund: derive(15),
  workers: Array.from({ length: workerCount }, (_, index) => derive(7 + index)),
  jurors: Array.from({ length: jurorCount }, (_, index) => derive(firstJuror + index)),
};
