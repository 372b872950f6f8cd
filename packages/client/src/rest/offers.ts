import type { Signer } from "ethers";
import {
  escrowDomain,
  type Handoff,
  jobIdOf,
  type Offer,
  parseTerms,
  parseUsdc,
  signWord,
} from "@hireforhumans/protocol";
import { type Pages, pagesOf } from "./pages.ts";
import type { CallOptions, QueryOf, Transport } from "./transport.ts";

/** An offer whose parts contradict each other, or that is not for the escrow this worker trusts. Not signed. */
export class OfferError extends Error {
  override readonly name = "OfferError";
}

/** The escrow a worker is willing to sign for. */
export interface TrustedEscrow {
  chainId: number;
  escrow: string;
}

/** Offers made to a worker. */
export class Offers {
  readonly #transport: Transport;
  readonly #signer: Signer;
  readonly #trusted: TrustedEscrow | undefined;

  constructor(transport: Transport, signer: Signer, trusted: TrustedEscrow | undefined) {
    this.#transport = transport;
    this.#signer = signer;
    this.#trusted = trusted;
  }

  list(filter: Partial<Omit<QueryOf<"listOffers">, "cursor">> = {}, options: CallOptions = {}): Pages<Offer> {
    return pagesOf((cursor) => this.#transport.call("listOffers", { ...options, query: { ...filter, cursor } }));
  }

  /**
   * Checks that the offer is for the terms it shows, signs the acceptance (valid until the job's deadline) and sends it.
   * @throws OfferError, ConflictError (`offer_taken`, `offer_expired`, …)
   */
  async accept(offer: Offer, options: CallOptions = {}): Promise<Handoff> {
    const deadline = requireHonest(offer, this.#trusted);
    const domain = escrowDomain(offer.chain_id, offer.escrow);
    const message = { jobId: offer.chain_job_id, round: BigInt(offer.round), validUntil: deadline };
    const body = { valid_until: Number(deadline), signature: await signWord(this.#signer, domain, "Accept", message) };
    return await this.#transport.call("acceptOffer", { ...options, params: { id: offer.id }, body });
  }

  async decline(offerId: string, reason: string, options: CallOptions = {}): Promise<Offer> {
    return await this.#transport.call("declineOffer", { ...options, params: { id: offerId }, body: { reason } });
  }
}

/**
 * A gateway must not get a signature for other terms than those it shows.
 * @returns the terms' deadline in chain time
 */
export function requireHonest(offer: Offer, trusted: TrustedEscrow | undefined): bigint {
  if (
    trusted !== undefined &&
    (trusted.chainId !== offer.chain_id || trusted.escrow.toLowerCase() !== offer.escrow.toLowerCase())
  ) {
    throw new OfferError(
      `Offer ${offer.id} is for the escrow ${offer.escrow} on chain ${offer.chain_id}; ` +
        `trusted is ${trusted.escrow} on chain ${trusted.chainId}.`,
    );
  }
  const terms = parseTerms(offer.terms);
  const jobId = jobIdOf(offer.chain_id, offer.escrow, terms);
  if (jobId !== offer.chain_job_id) {
    throw new OfferError(`Offer ${offer.id} names the job ${offer.chain_job_id}, but its terms make ${jobId}.`);
  }
  if (parseUsdc(offer.reward) !== terms.reward) {
    throw new OfferError(
      `Offer ${offer.id} promises ${offer.reward} USDC, but its terms pay ${terms.reward} base units.`,
    );
  }
  return terms.deadline;
}
