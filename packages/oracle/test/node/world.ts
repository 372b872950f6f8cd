import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ContextPacket,
  type EvidenceBundle,
  escrowDomain,
  evidenceHashOf,
  packetHashOf,
  signWord,
} from "@hireforhumans/protocol";
import { Wallet, id } from "ethers";
import { pino } from "pino";
import { setStage, type Stage } from "../../../client/test/support/stage.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import type { VerificationRequest } from "../../src/check.ts";
import { verifyMessageOf, type VerifyMessage } from "../../src/messages.ts";
import type { NodeConfig } from "../../src/node/config.ts";
import { type RunningNode, startNode } from "../../src/node/start.ts";
import { bundleWith, packetWith, requestWith } from "../case.ts";

export const token = "a secret of the gateway and its node";
export const [worker, stranger] = devAccounts.workers.map(({ privateKey }) => new Wallet(privateKey)) as [
  Wallet,
  Wallet,
];

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A real chain with funded jobs, and a node that looks at it. */
export interface World {
  stage: Stage;
  signer: Wallet;
  node: RunningNode;
  /** The file of the node's database. */
  database: string;
  /** What the node's log says. */
  said: string[];
  /** What a gateway sends of a job that was just funded, on which the worker has handed in these items. */
  honest(
    items?: EvidenceBundle["items"],
    changes?: Partial<EvidenceBundle>,
    packet?: ContextPacket,
  ): Promise<VerificationRequest>;
  message(request: VerificationRequest): VerifyMessage;
  post(path: string, body: unknown, authorization?: string): Promise<Answer>;
  verify(request: VerificationRequest): Promise<Answer>;
  /** Ends the node and starts another over the same database. */
  restart(changes?: Partial<NodeConfig>): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const stage = await setStage();
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-node-"));
  const signer = new Wallet(devAccounts.verifier.privateKey);
  const { chainId, escrow } = stage.deployment;
  const domain = escrowDomain(chainId, escrow);
  const said: string[] = [];
  const log = pino({}, { write: (line: string) => void said.push(line) });
  const config: NodeConfig = {
    host: "127.0.0.1",
    port: 0,
    signer,
    chainId: chainId,
    rpcUrl: stage.chain.url,
    escrow,
    gatewayUrl: "http://127.0.0.1:9",
    gatewayToken: token,
    database: join(folder, "oracle.db"),
    judge: undefined,
    allowLoopback: true,
    logLevel: "info",
  };
  const world: World = {
    stage,
    signer,
    database: config.database,
    node: await startNode(config, log),
    said,
    async honest(items = [{ kind: "text", text: "Called the customer." }], changes = {}, packet = packetWith()) {
      const terms = await stage.funded({ specHash: packetHashOf(packet) });
      const bundle = bundleWith(items, { chain_job_id: stage.idOf(terms), worker: worker.address, ...changes });
      const evidenceHash = evidenceHashOf(bundle);
      const [validUntil, round] = [2n ** 39n, BigInt(bundle.round)];
      const jobId = bundle.chain_job_id;
      const accept = await signWord(worker, domain, "Accept", { jobId, round, validUntil });
      const submit = await signWord(worker, domain, "Submit", { jobId, round, evidenceHash, validUntil });
      const proof = {
        terms,
        accept: { validUntilSeconds: validUntil, signature: accept },
        submit: { validUntilSeconds: validUntil, signature: submit },
        reviews: [],
      };
      return { ...requestWith({}, []), packet, bundle, evidenceHash, proof };
    },
    message: (request) => verifyMessageOf(request, () => "http://127.0.0.1:9/file"),
    async post(path, body, authorization = `Bearer ${token}`) {
      const headers = { authorization, "content-type": "application/json" };
      const response = await fetch(`${world.node.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    verify: (request) => world.post("/v1/verify", world.message(request)),
    async restart(changes = {}) {
      await world.node.stop();
      world.node = await startNode({ ...config, ...changes }, log);
    },
    async stop() {
      await world.node.stop();
      await stage.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** An address that nobody has. */
export const nobody = new Wallet(id("nobody")).address;
