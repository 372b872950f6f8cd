/** A process that starts a local chain, tells where, and waits to be killed. */
import { startLocalChain } from "../../scripts/chain/local-chain.ts";

console.log((await startLocalChain()).url);
