import { hexlify, randomBytes, type Signer, type TypedDataDomain } from "ethers";
import {
  type ArbitrationAccount,
  type Case,
  type CaseDocument,
  caseDocumentHashOf,
  type CaseSummary,
  commitmentOf,
  type DepositInput,
  deploymentOf,
  escrowDomain,
  type EvidenceItem,
  formatUsdc,
  type Job,
  jobIdOf,
  parseTerms,
  parseUsdc,
  poolDomain,
  type PoolWords,
  type Relayed,
  saltOfVote,
  signWord,
  statementHashOf,
  usdcDomain,
  Vote,
  type VoteName,
} from "@hireforhumans/protocol";
import { type Pages, pagesOf } from "./pages.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** Something to sign that contradicts itself, or is for contracts that this caller does not trust. Not signed. */
export class ArbitrationError extends Error {
  override readonly name = "ArbitrationError";
}

/** The contracts a party or juror is willing to sign for. */
export interface TrustedContracts {
  chainId: number;
  escrow: string;
  usdc?: string;
  arbitrationPool?: string;
}

export interface BondOptions extends CallOptions {
  /** USDC to bring along, as decimal text, where the balance in the pool does not cover the bond. */
  deposit?: string | undefined;
}

/** How long a signed word is valid, by the chain's clock. */
const VALID_SECONDS = 3_600;

const votes: Record<VoteName, Vote> = { client: Vote.Client, worker: Vote.Worker, unclear: Vote.Unclear };

/**
 * Disputes and juries: for clients and workers, whose jobs they are about, and for jurors. Signs every word with the
 * signer, which needs neither gas nor a provider; the gateway carries them.
 */
export class Arbitration {
  readonly #transport: Transport;
  readonly #signer: Signer | undefined;
  readonly #trusted: TrustedContracts | undefined;

  constructor(transport: Transport, signer: Signer | undefined, trusted: TrustedContracts | undefined) {
    this.#transport = transport;
    this.#signer = signer;
    this.#trusted = trusted;
  }

  /** What one has in the pool, and the pool itself. */
  async account(options: CallOptions = {}): Promise<ArbitrationAccount> {
    return await this.#transport.call("getArbitrationAccount", options);
  }

  /**
   * Brings USDC into the pool by a signed authorization (EIP-3009).
   * @throws ArbitrationError where the gateway names another pool than the trusted or recorded one
   * @example await worker.arbitration.deposit("100.00");
   */
  async deposit(amount: string, options: CallOptions = {}): Promise<Relayed> {
    const body = await this.#authorize(amount, await this.account(options));
    return await this.#transport.call("deposit", { ...options, body });
  }

  /** Takes money out of the pool; it goes to the account itself. */
  async withdraw(amount: string, options: CallOptions = {}): Promise<Relayed> {
    const { word } = await this.#accountWord("Withdraw", options, (address, nonce) => ({
      owner: address,
      amount: parseUsdc(amount),
      nonce,
    }));
    return await this.#transport.call("withdraw", { ...options, body: { ...word, amount } });
  }

  /** Lets bonds for answers be taken from the balance at once, or no more. */
  async setStandingAnswer(stands: boolean, options: CallOptions = {}): Promise<Relayed> {
    const { word } = await this.#accountWord("SetStandingAnswer", options, (owner, nonce) => ({
      owner,
      stands,
      nonce,
    }));
    return await this.#transport.call("setStandingAnswer", { ...options, body: { ...word, stands } });
  }

  /**
   * Becomes a juror, or stakes more.
   * @example await juror.arbitration.stake("200.00", { deposit: "200.00" });
   */
  async stake(amount: string, { deposit, ...options }: BondOptions = {}): Promise<Relayed> {
    const { word, account } = await this.#accountWord("Stake", options, (juror, nonce) => ({
      juror,
      amount: parseUsdc(amount),
      nonce,
    }));
    const body = { ...word, amount, ...(await this.#alongWith(deposit, account)) };
    return await this.#transport.call("stake", { ...options, body });
  }

  /** Moves what the stake has earned to the balance. */
  async collect(options: CallOptions = {}): Promise<Relayed> {
    return await this.#transport.call("collect", options);
  }

  /** Takes part in no further draws. */
  async retire(options: CallOptions = {}): Promise<Relayed> {
    const { word } = await this.#accountWord("Retire", options, (juror, nonce) => ({ juror, nonce }));
    return await this.#transport.call("retire", { ...options, body: word });
  }

  /** Moves the stake to the balance, once the exit delay is over. */
  async unstake(options: CallOptions = {}): Promise<Relayed> {
    return await this.#transport.call("unstake", options);
  }

  /**
   * Brings a job before its arbiter: the worker after a reject, the client in the review window.
   * @example await worker.arbitration.dispute(job, "I did call; the recording is in the evidence.", { deposit: "5.00" });
   */
  async dispute(job: Job, statement: string, { deposit, ...options }: BondOptions = {}): Promise<Job> {
    const signer = this.#requireSigner();
    this.#requireHonest(job);
    const account = await this.account(options);
    const validUntil = validUntilOf(account);
    const signature = await signWord(signer, escrowDomain(job.chain_id, job.escrow), "Dispute", {
      jobId: job.chain_job_id,
      by: await signer.getAddress(),
      statementHash: statementHashOf(statement.trim()),
      validUntil,
    });
    const word = { valid_until: Number(validUntil), signature };
    const body = { ...word, statement, ...(await this.#alongWith(deposit, account)) };
    return await this.#transport.call("disputeJob", { ...options, params: { id: job.job_id }, body });
  }

  /** All of a case, for its parties and drawn jurors. */
  async case(jobId: string, options: CallOptions = {}): Promise<Case> {
    return await this.#transport.call("getCase", { ...options, params: { id: jobId } });
  }

  /** Adds evidence to a case, before its panel is asked for. */
  async addEvidence(
    found: Case,
    { text = "", items = [] }: { text?: string; items?: EvidenceItem[] },
    options: CallOptions = {},
  ): Promise<Case> {
    const document: CaseDocument = { version: 1, chain_job_id: found.chain_job_id, text, items };
    const word = await this.#caseWord("AddEvidence", found, {
      jobId: found.chain_job_id,
      evidenceHash: caseDocumentHashOf(document),
    });
    const body = { ...word, document };
    return await this.#transport.call("addEvidence", { ...options, params: { id: found.job_id }, body });
  }

  /** Bonds too, as the side that was disputed or appealed against; else that side loses. */
  async answer(found: Case, options: BondOptions = {}): Promise<Case> {
    return await this.#bonded("Answer", found, options);
  }

  /** Appeals to a larger panel, as the side that the panel decided against. */
  async appeal(found: Case, options: BondOptions = {}): Promise<Case> {
    return await this.#bonded("Appeal", found, options);
  }

  /** The open cases on whose panels the signer sits. */
  cases(options: CallOptions = {}): Pages<CaseSummary> {
    return pagesOf((cursor) => this.#transport.call("listCases", { ...options, query: { cursor } }));
  }

  /**
   * Seals a vote and hands it in. Nobody learns of it until `reveal`: the salt is made of a signature that only this
   * signer can make, and make again.
   */
  async commit(found: Case, vote: VoteName, options: CallOptions = {}): Promise<Case> {
    const { ballot, salt } = await this.#ballot(found);
    const commitment = commitmentOf(ballot, votes[vote], salt);
    const panel = Number(ballot.panel);
    const word = await this.#caseWord("Commit", found, {
      jobId: found.chain_job_id,
      panel: ballot.panel,
      seat: ballot.seat,
      commitment,
    });
    const body = { ...word, panel, commitment };
    return await this.#transport.call("commitVote", { ...options, params: { id: found.job_id }, body });
  }

  /**
   * Opens the vote that was committed, once the panel reveals. Needs no memory: the salt is signed for again, and the
   * vote is the one that makes the commitment.
   * @throws ArbitrationError when no vote of this signer does, or the panel still commits
   */
  async reveal(found: Case, options: CallOptions = {}): Promise<Case> {
    if (found.phase !== "revealing") {
      throw new ArbitrationError(
        `The case of ${found.job_id} is ${found.phase}. A vote is revealed while it is revealing.`,
      );
    }
    const { ballot, salt } = await this.#ballot(found);
    const committed = found.panels.at(-1)?.seats[Number(ballot.seat)]?.commitment;
    const names = Object.keys(votes) as VoteName[];
    const vote = names.find((name) => commitmentOf(ballot, votes[name], salt) === committed);
    if (vote === undefined) {
      throw new ArbitrationError(`No vote of this account makes the commitment ${committed ?? "(none)"} of its seat.`);
    }
    const body = { panel: Number(ballot.panel), vote, salt };
    return await this.#transport.call("revealVote", { ...options, params: { id: found.job_id }, body });
  }

  async #bonded(name: "Answer" | "Appeal", found: Case, { deposit, ...options }: BondOptions): Promise<Case> {
    const account = await this.account(options);
    const message = { jobId: found.chain_job_id, round: BigInt(found.next_round) };
    const word = await this.#caseWord(name, found, message);
    const call = {
      ...options,
      params: { id: found.job_id },
      body: { ...word, ...(await this.#alongWith(deposit, account)) },
    };
    return name === "Answer" ? this.#transport.call("answerCase", call) : this.#transport.call("appealCase", call);
  }

  async #ballot(found: Case) {
    const domain = this.#requireHonest(found);
    if (found.your_seat === null)
      throw new ArbitrationError(`The signer has no seat on the last panel of ${found.job_id}.`);
    const panel = BigInt(found.panels.length - 1);
    const jobId = found.chain_job_id;
    const salt = await saltOfVote(this.#requireSigner(), domain, { jobId, panel });
    const where = { chainId: found.chain_id, pool: found.terms.arbiter, jobId };
    return { ballot: { ...where, panel, seat: BigInt(found.your_seat) }, salt };
  }

  async #caseWord<N extends "AddEvidence" | "Answer" | "Appeal" | "Commit">(
    name: N,
    found: Case,
    message: Omit<PoolWords[N], "validUntil">,
  ) {
    const domain = this.#requireHonest(found);
    const validUntil = BigInt(found.chain_time + VALID_SECONDS);
    const signature = await signWord(this.#requireSigner(), domain, name, { ...message, validUntil } as never);
    return { valid_until: Number(validUntil), signature };
  }

  async #accountWord<N extends "Withdraw" | "SetStandingAnswer" | "Stake" | "Retire">(
    name: N,
    options: CallOptions,
    messageOf: (address: string, nonce: bigint) => Omit<PoolWords[N], "validUntil">,
  ) {
    const signer = this.#requireSigner();
    const account = await this.account(options);
    const domain = poolDomain(account.pool.chain_id, this.#requireKnownPool(account).arbitrationPool);
    const validUntil = validUntilOf(account);
    const message = { ...messageOf(await signer.getAddress(), BigInt(account.nonce)), validUntil };
    const signature = await signWord(signer, domain, name, message as never);
    return { account, word: { valid_until: Number(validUntil), signature } };
  }

  async #alongWith(deposit: string | undefined, account: ArbitrationAccount): Promise<{ deposit?: DepositInput }> {
    return deposit === undefined ? {} : { deposit: await this.#authorize(deposit, account) };
  }

  /** A gateway must not get a payment to anybody but the pool. */
  async #authorize(amount: string, account: ArbitrationAccount): Promise<DepositInput> {
    const signer = this.#requireSigner();
    const { chain_id, usdc_name } = account.pool;
    const { arbitrationPool, usdc } = this.#requireKnownPool(account);
    const value = parseUsdc(amount);
    const validBefore = validUntilOf(account);
    const nonce = hexlify(randomBytes(32));
    const signature = await signWord(signer, usdcDomain(chain_id, usdc, usdc_name), "ReceiveWithAuthorization", {
      from: await signer.getAddress(),
      to: arbitrationPool,
      value,
      validAfter: 0n,
      validBefore,
      nonce,
    });
    return { amount: formatUsdc(value), valid_after: 0, valid_before: Number(validBefore), nonce, signature };
  }

  /** @throws ArbitrationError where the account's pool is neither the trusted nor the recorded one */
  #requireKnownPool({ pool }: ArbitrationAccount): { arbitrationPool: string; usdc: string } {
    const known = this.#trusted ?? deploymentOf(pool.chain_id);
    const { arbitrationPool = "", usdc = pool.usdc } = known ?? {};
    if (known?.chainId === pool.chain_id && same(arbitrationPool, pool.address) && same(usdc, pool.usdc)) {
      return { arbitrationPool, usdc };
    }
    throw new ArbitrationError(
      `The gateway names the arbitration pool ${pool.address} on chain ${pool.chain_id}; ` +
        `${arbitrationPool === "" ? "none is" : `${arbitrationPool} is`} trusted. Give \`trusted\` with its \`arbitrationPool\`.`,
    );
  }

  /**
   * A gateway must not get a signature for another job than the one it shows.
   * @returns the domain of the job's arbiter
   */
  #requireHonest(shown: Pick<Case, "job_id" | "chain_id" | "escrow" | "chain_job_id" | "terms">): TypedDataDomain {
    const { chain_id, escrow, chain_job_id } = shown;
    const trusted = this.#trusted;
    if (trusted !== undefined && (trusted.chainId !== chain_id || !same(trusted.escrow, escrow))) {
      throw new ArbitrationError(
        `Job ${shown.job_id} is of the escrow ${escrow} on chain ${chain_id}; ` +
          `trusted is ${trusted.escrow} on chain ${trusted.chainId}.`,
      );
    }
    const terms = parseTerms(shown.terms);
    const jobId = jobIdOf(chain_id, escrow, terms);
    if (jobId !== chain_job_id) {
      throw new ArbitrationError(
        `Job ${shown.job_id} is shown as ${chain_job_id} on chain, but its terms make ${jobId}.`,
      );
    }
    return poolDomain(chain_id, terms.arbiter);
  }

  /** @throws ArbitrationError when the client was made without one */
  #requireSigner(): Signer {
    if (this.#signer !== undefined) return this.#signer;
    throw new ArbitrationError("Make this client with a `signer`: the account that speaks in disputes.");
  }
}

const validUntilOf = ({ pool }: ArbitrationAccount): bigint => BigInt(pool.chain_time + VALID_SECONDS);

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
