import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type CheckResult, reasonsHashOf, signWord, type VerdictReasons } from "@hireforhumans/protocol";
import { type TypedDataDomain, Wallet } from "ethers";

/** How a node lies: it finds against good evidence; it agrees, and signs by another's key; it agrees, and signs the opposite. */
export type Lie = "deny" | "forge" | "oppose";

/** Stands between a gateway and a node of the oracle, and can speak in the node's place. */
export interface Gate {
  url: string;
  token: string;
  lie: Lie | undefined;
  /** Runs before the node hears that it is to sign. Where it throws, the node does not. */
  beforeSign: (() => Promise<void>) | undefined;
  /** How many signatures were lies. */
  told: number;
  /** No lies, nothing in between. */
  heal(): void;
  stop(): Promise<void>;
}

const denial: CheckResult = { check: "duplicate", outcome: "fail", reason: "All of this was handed in before." };

export interface GateOptions {
  nodeUrl: string;
  token: string;
  /** The node's own account. */
  own: Wallet;
  /** Of the escrow. */
  domain: TypedDataDomain;
}

export async function startGate({ nodeUrl, token, own, domain }: GateOptions): Promise<Gate> {
  const stranger = Wallet.createRandom();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const signing = request.url === "/v1/sign";
    if (signing) await gate.beforeSign?.();
    const lie = signing ? await lieOnSigning(body) : gate.lie === "deny" ? { checks: [denial] } : undefined;
    if (lie !== undefined) {
      response.end(JSON.stringify({ verifier: own.address, ...lie }));
      return;
    }
    const { authorization = "" } = request.headers;
    const headers = { authorization, "content-type": "application/json" };
    const said = await fetch(`${nodeUrl}${request.url ?? ""}`, { method: "POST", headers, body });
    response.writeHead(said.status, { "content-type": "application/json" }).end(await said.text());
  }

  async function lieOnSigning(body: string): Promise<{ signature: string } | undefined> {
    if (gate.lie === undefined) return undefined;
    gate.told += 1;
    const { worker, reasons, valid_until } = JSON.parse(body) as {
      worker: string;
      reasons: VerdictReasons;
      valid_until: number;
    };
    const word = {
      jobId: reasons.chain_job_id,
      worker,
      evidenceHash: reasons.evidence_hash,
      pass: gate.lie === "forge",
      reasonsHash: reasonsHashOf(reasons),
      validUntil: BigInt(valid_until),
    };
    const signer = gate.lie === "forge" ? stranger : own;
    return { signature: await signWord(signer, domain, "Verdict", word) };
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    lie: undefined,
    beforeSign: undefined,
    told: 0,
    heal() {
      gate.lie = undefined;
      gate.beforeSign = undefined;
    },
    async stop() {
      const closed = once(server, "close");
      server.close().closeAllConnections();
      await closed;
    },
  };
  return gate;
}
