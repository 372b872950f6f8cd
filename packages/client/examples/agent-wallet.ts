import { JsonRpcProvider, Wallet } from "ethers";
import { createEscrowClient } from "@hireforhumans/client";
import { deploymentSchema, parseUsdc, totalOf } from "@hireforhumans/protocol";

const { RPC_URL = "http://127.0.0.1:8545", PRIVATE_KEY = "", DEPLOYMENT = "", VERIFIER = "" } = process.env;
const signer = new Wallet(PRIVATE_KEY, new JsonRpcProvider(RPC_URL));
const escrow = createEscrowClient({ deployment: deploymentSchema.parse(JSON.parse(DEPLOYMENT)), signer });
const spec = { goal: "Call the customer back about the double charge and tell us what was agreed." };
const reward = parseUsdc("15.00");
const terms = await escrow.newTerms({ verifier: VERIFIER, reward, domain: "billing", spec });
const permit = await escrow.signPermit({ value: totalOf(reward) });
const { jobId, transactionHash } = await escrow.fundWithPermit({ terms, permit });
console.log(jobId, (await escrow.job({ jobId })).status, transactionHash);
