import type { Signer } from "ethers";
import {
  type ConfirmationLink,
  escrowDomain,
  type Evidence,
  evidenceBundleSchema,
  evidenceHashOf,
  type EvidenceItem,
  type LinkKept,
  type Offer,
  requestErrorOf,
  signWord,
} from "@hireforhumans/protocol";
import { requireHonest, type TrustedEscrow } from "./offers.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** What a worker hands in. */
export interface EvidenceContent {
  /** What came of the case, for the agent. */
  resolution: string;
  /** What else the agent should know. */
  worker_notes?: string;
  items?: EvidenceItem[];
}

/** Evidence that no gateway would take. Neither signed nor sent. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
}

/** A worker's evidence. */
export class EvidenceDesk {
  readonly #transport: Transport;
  readonly #signer: Signer;
  readonly #trusted: TrustedEscrow | undefined;

  constructor(transport: Transport, signer: Signer, trusted: TrustedEscrow | undefined) {
    this.#transport = transport;
    this.#signer = signer;
    this.#trusted = trusted;
  }

  /**
   * Binds the content to the accepted offer's job and round, hashes it, signs the hash and hands it in.
   * @throws OfferError, EvidenceError, InvalidRequestError, ConflictError
   */
  async submit(offer: Offer, content: EvidenceContent, options: CallOptions = {}): Promise<Evidence> {
    const validUntil = requireHonest(offer, this.#trusted);
    const made = evidenceBundleSchema.safeParse({
      version: 1,
      job_id: offer.job_id,
      chain_job_id: offer.chain_job_id,
      round: offer.round,
      worker: await this.#signer.getAddress(),
      worker_notes: "",
      items: [],
      ...content,
    });
    if (!made.success) throw new EvidenceError(requestErrorOf(made.error).message);
    const bundle = made.data;
    const evidenceHash = evidenceHashOf(bundle);
    const signature = await signWord(this.#signer, escrowDomain(offer.chain_id, offer.escrow), "Submit", {
      jobId: offer.chain_job_id,
      round: BigInt(offer.round),
      evidenceHash,
      validUntil,
    });
    return await this.#transport.call("submitEvidence", {
      ...options,
      params: { id: offer.job_id },
      body: { bundle, evidence_hash: evidenceHash, valid_until: Number(validUntil), signature },
    });
  }

  /**
   * Has what a link leads to kept as it is now, to see what will be judged. Its `copy.sha256` goes into the evidence's link,
   * which is signed; `problem` says why there is no copy.
   * @throws ConflictError when the job is not in hand
   */
  async keepLink(jobId: string, url: string, options: CallOptions = {}): Promise<LinkKept> {
    return await this.#transport.call("keepLink", { ...options, params: { id: jobId }, body: { url } });
  }

  /** Makes a link by which the customer confirms a statement; its `token_hash` goes into the evidence. */
  async askCustomer(jobId: string, statement: string, options: CallOptions = {}): Promise<ConfirmationLink> {
    return await this.#transport.call("createConfirmation", { ...options, params: { id: jobId }, body: { statement } });
  }
}
