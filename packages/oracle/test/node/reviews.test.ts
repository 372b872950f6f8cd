import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckResult, type Terms, escrowDomain, evidenceHashOf, signWord } from "@hireforhumans/protocol";
import { createEscrowClient } from "@hireforhumans/client";
import { Wallet, id } from "ethers";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import type { ReviewWords, VerificationRequest } from "../../src/check.ts";
import { reviewSaltOf } from "../../src/review/binding.ts";
import { bundleWith } from "../case.ts";
import { startWorld, worker, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const [ann, ben, cleo] = devAccounts.workers.slice(2).map(({ privateKey }) => new Wallet(privateKey)) as [
  Wallet,
  Wallet,
  Wallet,
];
const client = new Wallet(devAccounts.client.privateKey);
let posted = 0;
/** Of each review another one. */
const newOpening = () => id(`the gateway's secret ${(posted += 1)}`);
const reason = "The transcript shows the refund that the goal asks for.";
const record = { goldenRight: 0, goldenWrong: 0 };

/** What a reviewer signed of a review of this evidence, in a review job that was funded for it. */
async function wordsOf(
  { evidenceHash, proof }: VerificationRequest,
  reviewer: Wallet,
  answer: "pass" | "fail",
  changes: { terms?: Partial<Terms>; fund?: boolean; taker?: Wallet | null } = {},
): Promise<ReviewWords> {
  const { stage } = world;
  const opening = newOpening();
  const wanted = { domain: proof.terms.domain, salt: reviewSaltOf(evidenceHash, opening), ...changes.terms };
  const terms = await (changes.fund === false ? stage.terms(wanted) : stage.funded(wanted));
  const { fund = true, taker = reviewer } = changes;
  if (fund && taker !== null) {
    const signer = new Wallet(taker.privateKey, stage.provider);
    await createEscrowClient({ deployment: stage.deployment, signer }).accept({ terms });
  }
  const [jobId, validUntil] = [stage.idOf(terms), 2n ** 39n];
  const bundle = bundleWith([{ kind: "json", value: { answer, reason } }], {
    chain_job_id: jobId,
    worker: reviewer.address,
  });
  const domain = escrowDomain(stage.deployment.chainId, stage.deployment.escrow);
  const message = { jobId, round: 0n, evidenceHash: evidenceHashOf(bundle), validUntil };
  const submit = await signWord(reviewer, domain, "Submit", message);
  return {
    terms,
    bundle,
    submit: { validUntilSeconds: validUntil, signature: submit },
    opening,
  };
}

const withReviews = (request: VerificationRequest, reviews: ReviewWords[]): VerificationRequest => ({
  ...request,
  // Whatever a gateway says here of the answers themselves, a node never hears it.
  reviews: { wanted: 2, crowd: record, answers: reviews.map(() => ({ ...record, answer: "pass", reason: "" })) },
  proof: { ...request.proof, reviews },
});

const peerReview = async (request: VerificationRequest) =>
  ((await world.verify(request)).body["checks"] as CheckResult[]).find(({ check }) => check === "peer_review");

describe("reviewers' answers", () => {
  it("count as their reviewers signed them", async () => {
    let request = await world.honest();
    const both = async (first: "pass" | "fail", second: "pass" | "fail") => [
      await wordsOf(request, ann, first),
      await wordsOf(request, ben, second),
    ];
    expect(await peerReview(withReviews(request, await both("pass", "pass")))).toMatchObject({
      outcome: "pass",
      details: { answers: [{ answer: "pass", reason }, { answer: "pass" }] },
    });
    request = await world.honest();
    expect(await peerReview(withReviews(request, await both("fail", "fail")))).toMatchObject({ outcome: "fail" });
    request = await world.honest();
    expect(await peerReview(withReviews(request, await both("pass", "fail")))).toMatchObject({ outcome: "unsure" });
  });

  it("count for ever once they were shown, also after the node was started again", async () => {
    const request = await world.honest();
    const [against, first, second] = [
      await wordsOf(request, ann, "fail"),
      await wordsOf(request, ben, "pass"),
      await wordsOf(request, cleo, "pass"),
    ];
    expect(await peerReview(withReviews(request, [against]))).toMatchObject({ outcome: "unsure" });
    await world.restart();
    const refused = { status: 422, body: { code: "verification_refused", param: "reviews.answers" } };
    expect(await world.verify(withReviews(request, [first, second]))).toMatchObject(refused);
    expect(await world.verify(request)).toMatchObject(refused);
    expect(await peerReview(withReviews(request, [against, first, second]))).toMatchObject({ outcome: "unsure" });
  });

  type Lie = (request: VerificationRequest) => Promise<ReviewWords[]>;
  const lies: [string, string, Lie][] = [
    [
      "a gateway that changes an answer",
      "reviews.answers.1.submit",
      async (request) => {
        const [first, second] = [await wordsOf(request, ann, "pass"), await wordsOf(request, ben, "fail")];
        const items = [{ kind: "json" as const, value: { answer: "pass", reason } }];
        return [first, { ...second, bundle: { ...second.bundle, items } }];
      },
    ],
    [
      "one that replays a review of another job",
      "reviews.answers.1.terms.salt",
      async (request) => [await wordsOf(request, ann, "pass"), await wordsOf(await world.honest(), ben, "pass")],
    ],
    [
      "one that replays it with terms that would fit",
      "reviews.answers.1.terms",
      async (request) => {
        const other = await wordsOf(await world.honest(), ben, "pass");
        const terms = { ...other.terms, salt: reviewSaltOf(request.evidenceHash, other.opening) };
        return [await wordsOf(request, ann, "pass"), { ...other, terms }];
      },
    ],
    [
      "one that lets one reviewer answer twice",
      "reviews.answers.1.bundle.worker",
      async (request) => [await wordsOf(request, ann, "pass"), await wordsOf(request, ann, "pass")],
    ],
    [
      "one that lets one reviewer answer twice, written in small letters",
      "reviews.answers.1.bundle.worker",
      async (request) => {
        const again = await wordsOf(request, ann, "pass");
        const bundle = { ...again.bundle, worker: ann.address.toLowerCase() };
        return [await wordsOf(request, ann, "pass"), { ...again, bundle }];
      },
    ],
    [
      "one that lets a worker review its own work",
      "reviews.answers.0.bundle.worker",
      async (request) => [await wordsOf(request, worker, "pass"), await wordsOf(request, ann, "pass")],
    ],
    [
      "one that lets the client review what it pays for",
      "reviews.answers.0.bundle.worker",
      async (request) => [await wordsOf(request, client, "fail", { taker: null }), await wordsOf(request, ann, "fail")],
    ],
    [
      "one that has two answer one review",
      "reviews.answers.1.bundle.chain_job_id",
      async (request) => {
        const first = await wordsOf(request, ann, "pass");
        return [first, { ...first, bundle: { ...first.bundle, worker: ben.address } }];
      },
    ],
    [
      "a review job that was never funded",
      "reviews.answers.0.terms",
      async (request) => [await wordsOf(request, ann, "pass", { fund: false }), await wordsOf(request, ben, "pass")],
    ],
    [
      "a review in another domain",
      "reviews.answers.0.terms.domain",
      async (request) => [await wordsOf(request, ann, "pass", { terms: { domain: id("another") } })],
    ],
    [
      "a reviewer who has not taken the review on chain",
      "reviews.answers.0.terms",
      async (request) => [await wordsOf(request, ann, "pass", { taker: null })],
    ],
    [
      "a review that somebody else has on chain",
      "reviews.answers.0.bundle.worker",
      async (request) => [await wordsOf(request, ann, "pass", { taker: ben })],
    ],
  ];

  it.each(lies)("are refused of %s", async (_, param, lie) => {
    const request = await world.honest();
    const { status, body } = await world.verify(withReviews(request, await lie(request)));
    expect({ status, code: body["code"], param: body["param"] }).toEqual({
      status: 422,
      code: "verification_refused",
      param,
    });
  });

  it("are refused where they are no answer, or two", async () => {
    const request = await world.honest();
    const words = await wordsOf(request, ann, "pass");
    const item = words.bundle.items[0]!;
    for (const items of [[], [item, item], [{ kind: "json" as const, value: { answer: "perhaps", reason } }]]) {
      const lying = withReviews(request, [{ ...words, bundle: { ...words.bundle, items } }]);
      expect(await world.verify(lying)).toMatchObject({ status: 422, body: { code: "invalid_request" } });
    }
  });
});
