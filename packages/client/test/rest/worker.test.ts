import { id, verifyMessage, Wallet } from "ethers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createWorkerClient,
  EvidenceError,
  OfferError,
  PaymentRequirementError,
  SignInError,
  signPayment,
  type WorkerClient,
} from "@hireforhumans/client";
import {
  escrowDomain,
  evidenceHashOf,
  type EvidenceSubmit,
  fundingAuthorizationSchema,
  isSignedByKey,
  jobIdOf,
  parseUsdc,
  type PaymentRequirement,
  signInMessage,
  termsToJson,
  totalOf,
  USDC_ADDRESSES,
  usdcDomain,
} from "@hireforhumans/protocol";
import { json, type ScriptedGateway, startScriptedGateway } from "../support/gateway.ts";
import { CHAIN_ID, ESCROW, job, JOB_ID, offer, problem, terms } from "../support/samples.ts";

const signer = new Wallet(id("a worker"));
const domain = escrowDomain(CHAIN_ID, ESCROW);
const ID = JOB_ID.slice(4);

let gateway: ScriptedGateway;
let worker: WorkerClient;
beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(async () => {
  await gateway.stop();
});
beforeEach(() => {
  const trusted = { chainId: CHAIN_ID, escrow: ESCROW };
  worker = createWorkerClient({ baseUrl: gateway.baseUrl, signer, trusted, retry: { attempts: 1 } });
});

const sent = (index = 0): Record<string, unknown> =>
  JSON.parse(gateway.received[index]?.body ?? "null") as Record<string, unknown>;

describe("signing in", () => {
  const message = (changes: Partial<Parameters<typeof signInMessage>[0]> = {}): string =>
    signInMessage({
      domain: new URL(gateway.baseUrl).host,
      address: signer.address,
      statement: "Sign in to work.",
      uri: gateway.baseUrl,
      chainId: CHAIN_ID,
      nonce: "abcdefgh12345678",
      issuedAt: new Date(),
      expiresAt: new Date(Date.now() + 60_000),
      ...changes,
    });
  const nonce = (text: string): unknown => ({ nonce: "abcdefgh12345678", message: text, expires_at: job().created_at });
  const me = {
    id: `wrk_${ID}`,
    address: signer.address,
    name: null,
    country: null,
    presence: "offline",
    profiles: [],
    created_at: job().created_at,
    capacity: 1,
    load: 0,
    credit: null,
  };

  it("signs the gateway's message, and calls carry the session from then on", async () => {
    const session = { token: "ses_1", expires_at: job().created_at, worker: me };
    gateway.script(json(201, nonce(message())), json(200, session), json(200, me));
    await worker.signIn();
    expect(verifyMessage(sent(1)["message"] as string, sent(1)["signature"] as string)).toBe(signer.address);
    expect(gateway.received[1]?.headers.authorization).toBeUndefined();
    await worker.me();
    expect(gateway.received[2]?.headers.authorization).toBe("Bearer ses_1");
  });

  it("signs nothing that is not a sign-in at the gateway it speaks to", async () => {
    const traps = [
      message({ domain: "bank.example" }),
      message({ address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" }),
      "I hereby give everything away.",
    ];
    for (const trap of traps) {
      gateway.script(json(201, nonce(trap)));
      await expect(worker.signIn()).rejects.toBeInstanceOf(SignInError);
      expect(gateway.received).toHaveLength(1);
    }
  });
});

describe("accepting an offer", () => {
  it("signs Accept for the offer's job and round until its deadline", async () => {
    gateway.script(json(409, problem("offer_taken")));
    await expect(worker.offers.accept(offer())).rejects.toMatchObject({ code: "offer_taken" });
    expect(gateway.received[0]?.url).toBe(`/v1/offers/off_${ID}/accept`);
    const accept = { jobId: jobIdOf(CHAIN_ID, ESCROW, terms), round: 0n, validUntil: terms.deadline };
    expect(sent()["valid_until"]).toBe(Number(terms.deadline));
    expect(isSignedByKey(domain, "Accept", accept, sent()["signature"] as string, signer.address)).toBe(true);
  });

  it.each([
    ["shows other terms than those of its job", { terms: termsToJson({ ...terms, reward: terms.reward - 1n }) }],
    ["promises more than its terms pay", { reward: "16.00" }],
    ["is for another escrow", { escrow: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" }],
    ["is for another chain", { chain_id: 1 }],
  ])("signs nothing when the offer %s", async (_, changes) => {
    gateway.script(json(200, {}));
    await expect(worker.offers.accept(offer(changes))).rejects.toBeInstanceOf(OfferError);
    expect(gateway.received).toHaveLength(0);
  });
});

describe("submitting evidence", () => {
  it("neither signs nor sends what no gateway would take, and says what is wrong in a sentence", async () => {
    gateway.script(json(200, {}));
    const submitted = worker.evidence.submit(offer(), { resolution: " " });
    await expect(submitted).rejects.toEqual(new EvidenceError("resolution: is blank."));
    expect(gateway.received).toHaveLength(0);
  });

  it("binds it to job, round and worker, and signs the hash of exactly what is sent", async () => {
    gateway.script(json(409, problem("already_submitted")));
    const content = { resolution: "Refunded.", items: [{ kind: "text" as const, text: "Log …" }] };
    await expect(worker.evidence.submit(offer({ round: 1 }), content)).rejects.toMatchObject({
      code: "already_submitted",
    });
    const { bundle, evidence_hash, signature } = sent() as unknown as EvidenceSubmit;
    expect(bundle).toEqual({
      version: 1,
      job_id: JOB_ID,
      chain_job_id: offer().chain_job_id,
      round: 1,
      worker: signer.address,
      resolution: "Refunded.",
      worker_notes: "",
      items: content.items,
    });
    expect(evidence_hash).toBe(evidenceHashOf(bundle));
    const submit = { jobId: offer().chain_job_id, round: 1n, evidenceHash: evidence_hash, validUntil: terms.deadline };
    expect(isSignedByKey(domain, "Submit", submit, signature, signer.address)).toBe(true);
  });
});

describe("signPayment", () => {
  const usdc = USDC_ADDRESSES[CHAIN_ID]!;
  const deployment = { chainId: CHAIN_ID, escrow: ESCROW, usdc };
  const limits = { deployment, maxTotal: parseUsdc("20") };
  const ours = { ...terms, client: signer.address };

  const requirement = (changes: Partial<PaymentRequirement> = {}, asked = ours): PaymentRequirement => ({
    scheme: "exact",
    network: `eip155:${CHAIN_ID}`,
    amount: totalOf(asked.reward).toString(),
    asset: usdc,
    payTo: ESCROW,
    maxTimeoutSeconds: 300,
    extra: {
      name: "USD Coin",
      version: "2",
      primaryType: "ReceiveWithAuthorization",
      nonce: jobIdOf(CHAIN_ID, ESCROW, asked),
      terms: termsToJson(asked),
      job_id: JOB_ID,
    },
    ...changes,
  });

  it("signs USDC's authorization to the escrow over reward and fee, with the job as its nonce", async () => {
    const authorization = fundingAuthorizationSchema.parse(await signPayment(signer, requirement(), limits));
    const message = {
      from: signer.address,
      to: ESCROW,
      value: totalOf(ours.reward),
      validAfter: 0n,
      validBefore: ours.deadline,
      nonce: jobIdOf(CHAIN_ID, ESCROW, ours),
    };
    const usdcsDomain = usdcDomain(CHAIN_ID, usdc, "USD Coin");
    const { signature } = authorization;
    expect(isSignedByKey(usdcsDomain, "ReceiveWithAuthorization", message, signature, signer.address)).toBe(true);
  });

  it.each([
    ["pays somebody else", requirement({ payTo: signer.address })],
    ["is in another token", requirement({ asset: ESCROW })],
    ["is on another chain", requirement({ network: "eip155:1" })],
    ["asks for more than its terms", requirement({ amount: "99000000" })],
    ["costs more than the payer wants", requirement({}, { ...ours, reward: parseUsdc("20") })],
    ["names another client", requirement({}, terms)],
    ["has a nonce that is not its job", requirement({ extra: { ...requirement().extra, nonce: id("x") } })],
  ])("signs nothing when the demand %s", async (_, asked) => {
    await expect(signPayment(signer, asked, limits)).rejects.toBeInstanceOf(PaymentRequirementError);
  });
});
