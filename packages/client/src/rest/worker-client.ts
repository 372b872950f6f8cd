import type { Signer } from "ethers";
import type { Presence, Profile, Session, Worker } from "@hireforhumans/protocol";
import { Arbitration, type TrustedContracts } from "./arbitration.ts";
import { EvidenceDesk } from "./evidence.ts";
import { Files } from "./files.ts";
import { Jobs } from "./jobs.ts";
import { Offers } from "./offers.ts";
import { type Pages, pagesOf } from "./pages.ts";
import { requireSignInFor } from "./sign-in.ts";
import { type BodyOf, type CallOptions, Transport, type TransportOptions } from "./transport.ts";

export interface WorkerClientOptions extends Omit<TransportOptions, "token"> {
  /** Signs in, and signs acceptances and evidence. Needs no gas and no provider. */
  signer: Signer;
  /** Refuse to sign for any other contracts; offers are believed when left out, deposits need it. */
  trusted?: TrustedContracts;
  /** A session from before, to go on with. */
  token?: string;
}

/** What a worker can ask of a gateway. */
export class WorkerClient {
  readonly offers: Offers;
  readonly evidence: EvidenceDesk;
  readonly files: Files;
  /** Disputes over the worker's jobs, and a juror's seat: a juror signs in like a worker. */
  readonly arbitration: Arbitration;
  /** The jobs the worker accepted: their packet, messages, evidence and verdict. */
  readonly jobs: Pick<Jobs, "get" | "packet" | "messages" | "sendMessage" | "evidence" | "verdict">;
  readonly #transport: Transport;
  readonly #signer: Signer;
  readonly #host: string;

  constructor({ signer, trusted, ...options }: WorkerClientOptions) {
    this.#transport = new Transport(options);
    this.#signer = signer;
    this.#host = new URL(options.baseUrl).host;
    this.offers = new Offers(this.#transport, signer, trusted);
    this.evidence = new EvidenceDesk(this.#transport, signer, trusted);
    this.files = new Files(this.#transport);
    this.arbitration = new Arbitration(this.#transport, signer, trusted);
    this.jobs = new Jobs(this.#transport);
  }

  /**
   * Signs in with the signer's account (EIP-4361); calls carry the session from then on.
   * @throws SignInError when the message to sign is not about signing in there with this account
   */
  async signIn(options: CallOptions = {}): Promise<Session> {
    const address = await this.#signer.getAddress();
    const { message } = await this.#transport.call("createNonce", { ...options, body: { address } });
    requireSignInFor(message, address, this.#host);
    const signature = await this.#signer.signMessage(message);
    const session = await this.#transport.call("signIn", { ...options, body: { message, signature } });
    this.#transport.authenticate(session.token);
    return session;
  }

  async signOut(options: CallOptions = {}): Promise<void> {
    await this.#transport.call("signOut", options);
    this.#transport.authenticate(undefined);
  }

  async me(options: CallOptions = {}): Promise<Worker> {
    return await this.#transport.call("getMe", options);
  }

  async update(changes: BodyOf<"updateMe">, options: CallOptions = {}): Promise<Worker> {
    return await this.#transport.call("updateMe", { ...options, body: changes });
  }

  async setPresence(presence: Presence, options: CallOptions = {}): Promise<Worker> {
    return await this.#transport.call("setPresence", { ...options, body: { presence } });
  }

  profiles(options: CallOptions = {}): Pages<Profile> {
    return pagesOf((cursor) => this.#transport.call("listProfiles", { ...options, query: { cursor } }));
  }

  async createProfile(profile: BodyOf<"createProfile">, options: CallOptions = {}): Promise<Profile> {
    return await this.#transport.call("createProfile", { ...options, body: profile });
  }

  async updateProfile(
    profileId: string,
    changes: BodyOf<"updateProfile">,
    options: CallOptions = {},
  ): Promise<Profile> {
    return await this.#transport.call("updateProfile", { ...options, params: { id: profileId }, body: changes });
  }

  async deleteProfile(profileId: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.call("deleteProfile", { ...options, params: { id: profileId } });
  }
}

/**
 * A client of a gateway for a worker.
 * @example
 * const worker = createWorkerClient({ baseUrl: "https://api.example", signer: new Wallet(key) });
 * await worker.signIn();
 * for await (const offer of worker.offers.list({ status: "pending" })) {
 *   await worker.offers.accept(offer);
 *   await worker.evidence.submit(offer, { resolution: "Refunded the second charge; the customer is content." });
 * }
 */
export function createWorkerClient(options: WorkerClientOptions): WorkerClient {
  return new WorkerClient(options);
}
