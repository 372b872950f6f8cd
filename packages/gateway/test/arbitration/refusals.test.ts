import { sql } from "kysely";
import { Wallet, ZeroAddress, ZeroHash, id } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Case,
  Vote,
  commitmentOf,
  escrowDomain,
  poolDomain,
  saltOfVote,
  signWord,
  statementHashOf,
} from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { arbiterFor } from "../../src/arbitration/jurors.ts";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { engines } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type Court, type JurorClient, startCourt } from "./court.ts";

describe.each(engines)("a case's routes (%s)", (engine) => {
  const { log, lines } = recordingLog();
  let court: Court;
  beforeAll(async () => {
    court = await startCourt(engine, { log });
  });
  afterAll(() => court.stop());

  const post = (path: string, token: string, body: unknown) => court.call("POST", path, { token, body });
  const problem = (status: number, code: string, param?: string) => ({
    status,
    body: { code, ...(param === undefined ? {} : { param }) },
  });
  const word = () => ({ valid_until: 2 ** 39, signature: `0x${"1b".repeat(65)}` });

  /** What a juror sends, made by hand. */
  async function ballotOf(found: Case, { wallet }: JurorClient, seat: number, vote: Vote) {
    const { chain_id: chainId, chain_job_id: jobId, arbitration_pool: pool } = found;
    const domain = poolDomain(chainId, pool);
    const salt = await saltOfVote(wallet, domain, { jobId, panel: 0n });
    const commitment = commitmentOf({ chainId, pool, jobId, panel: 0n, seat: BigInt(seat) }, vote, salt);
    const validUntil = BigInt(found.chain_time + 3_000);
    const message = { jobId, panel: 0n, seat: BigInt(seat), commitment, validUntil };
    const signature = await signWord(wallet, domain, "Commit", message);
    return { salt, commit: { panel: 0, commitment, valid_until: Number(validUntil), signature } };
  }

  it("are there for nobody but the parties and the jurors who were drawn", async () => {
    const { ada, ben, stack } = court;
    const { job } = await court.disputed();
    const path = `/v1/jobs/${job.job_id}`;
    const other = await bootstrapClient(stack.gateway.context.db, { address: devAccounts.stranger.address });
    const [juror] = [...court.jurors.values()];
    const document = { version: 1, chain_job_id: job.chain_job_id, text: "Let me in.", items: [] };
    for (const token of [ben.token, other.apiKey, juror?.token ?? ""]) {
      expect(await court.call("GET", `${path}/case`, { token })).toMatchObject(problem(404, "not_found", "id"));
      expect(await post(`${path}/dispute`, token, { ...word(), statement: "Mine." })).toMatchObject({ status: 404 });
      expect(await post(`${path}/case/answer`, token, word())).toMatchObject({ status: 404 });
      expect(await post(`${path}/case/appeal`, token, word())).toMatchObject({ status: 404 });
      expect(await post(`${path}/case/evidence`, token, { ...word(), document })).toMatchObject({ status: 404 });
    }
    for (const token of [ben.token, juror?.token ?? ""]) {
      const sealed = { ...word(), panel: 0, commitment: ZeroHash };
      expect(await post(`${path}/case/commit`, token, sealed)).toMatchObject({ status: 404 });
      const opened = { panel: 0, vote: "worker", salt: ZeroHash };
      expect(await post(`${path}/case/reveal`, token, opened)).toMatchObject({ status: 404 });
      expect(await court.call("GET", `${path}/packet`, { token })).toMatchObject({ status: 404 });
    }
    expect((await court.call("GET", `${path}/case`, { token: ada.token })).body).toMatchObject({ you: "worker" });
    expect((await court.call("GET", `${path}/case`, { token: stack.apiKey })).body).toMatchObject({ you: "client" });

    const drawn = await court.agent.arbitration.answer(await court.inPhase(job.job_id, "answering")).then(async () => {
      await court.inPhase(job.job_id, "waiting");
      return court.drawn(job.job_id);
    });
    const member = court.jurorAt(drawn, 0);
    const seen = await member.api.arbitration.case(job.job_id);
    expect(seen).toMatchObject({ you: "juror", your_seat: 0, statement: { by: "worker" } });
    expect(seen.packet.goal).toBe(job.description);
    expect(seen.verdict?.outcome).toBe("fail");
    expect(seen.evidence).toHaveLength(1);
    expect((await member.api.arbitration.cases()).data.map(({ job_id }) => job_id)).toEqual([job.job_id]);
    const idle = [...court.jurors.values()].find(
      ({ address }) => !drawn.panels[0]?.seats.some((seat) => seat.juror === address),
    );
    expect(await court.call("GET", `${path}/case`, { token: idle?.token ?? "" })).toMatchObject({ status: 404 });
    expect((await idle?.api.arbitration.cases())?.data).toEqual([]);
  });

  it("take a dispute only of a job that has one coming, by a word of the party, over the statement sent", async () => {
    const { ada, stack } = court;
    const { job: open } = await court.accepted();
    const path = (id_: string) => `/v1/jobs/${id_}/dispute`;
    const sign = async (jobId: string, statement: string, wallet = ada.wallet, by = ada.address) => {
      const valid_until = (await stack.chain.timeSeconds()) + 600;
      const domain = escrowDomain(stack.chain.chainId, stack.deployment.escrow);
      const message = { jobId, by, statementHash: statementHashOf(statement), validUntil: BigInt(valid_until) };
      return { statement, valid_until, signature: await signWord(wallet, domain, "Dispute", message) };
    };
    const early = await sign(open.chain_job_id, "Too soon.");
    expect(await post(path(open.job_id), ada.token, early)).toMatchObject(problem(409, "wrong_status"));

    const { job } = await court.rejected();
    const body = await sign(job.chain_job_id, "I did it.");
    expect(await post(path(job.job_id), ada.token, { ...body, statement: " " })).toMatchObject({ status: 422 });
    const changed = await post(path(job.job_id), ada.token, { ...body, statement: "They owe me a bonus, too." });
    expect(changed).toMatchObject(problem(422, "signature_invalid"));
    const forged = await sign(job.chain_job_id, "I did it.", new Wallet(devAccounts.stranger.privateKey));
    expect(await post(path(job.job_id), ada.token, forged)).toMatchObject(problem(422, "signature_invalid"));
    const old = { ...body, valid_until: 1 };
    expect(await post(path(job.job_id), ada.token, old)).toMatchObject(problem(422, "signature_expired"));

    const answers = await Promise.all([1, 2, 3].map(() => post(path(job.job_id), ada.token, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await court.inPhase(job.job_id, "answering");
    expect(await post(path(job.job_id), ada.token, body)).toMatchObject({ status: 200 });
    const intents = sql`select 1 from intents where kind = 'dispute' and job_id = ${job.job_id}`;
    expect((await intents.execute(stack.gateway.context.db)).rows).toHaveLength(1);
  });

  it("refuse an opened vote while the panel commits, and keep it nowhere: not in a row, not in the log", async () => {
    const { job } = await court.answered();
    const found = await court.drawn(job.job_id);
    const path = `/v1/jobs/${job.job_id}/case`;
    const jurors = [0, 1, 2].map((seat) => court.jurorAt(found, seat));
    const votes = [Vote.Worker, Vote.Worker, Vote.Client];
    const ballots = await Promise.all(
      jurors.map((juror, seat) => ballotOf(found, juror, seat, votes[seat] ?? Vote.None)),
    );
    const [first, second] = jurors as [JurorClient, JurorClient];
    const [mine, hers] = ballots as [(typeof ballots)[number], (typeof ballots)[number]];
    const opened = { panel: 0, vote: "worker", salt: mine.salt };

    expect(await post(`${path}/reveal`, first.token, opened)).toMatchObject(problem(409, "too_early"));
    const inTheClear = { ...mine.commit, vote: "worker", salt: mine.salt };
    expect(await post(`${path}/commit`, first.token, inTheClear)).toMatchObject(problem(422, "unknown_field"));
    expect(await post(`${path}/commit`, first.token, hers.commit)).toMatchObject(problem(422, "signature_invalid"));
    expect(await post(`${path}/commit`, first.token, { ...mine.commit, panel: 1 })).toMatchObject(
      problem(409, "wrong_phase"),
    );
    expect(await post(`${path}/commit`, first.token, { ...mine.commit, valid_until: 1 })).toMatchObject(
      problem(422, "signature_expired"),
    );

    expect(await post(`${path}/commit`, first.token, mine.commit)).toMatchObject({ status: 200 });
    expect(await post(`${path}/commit`, first.token, mine.commit)).toMatchObject({ status: 200 });
    const exchanged = await ballotOf(found, first, 0, Vote.Client);
    expect(await post(`${path}/commit`, first.token, exchanged.commit)).toMatchObject(
      problem(409, "already_committed"),
    );
    expect(await post(`${path}/reveal`, first.token, opened)).toMatchObject(problem(409, "too_early"));
    const salt = mine.salt.slice(2);
    expect(await everythingStored()).not.toContain(salt);
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain(salt);

    for (const [seat, juror] of jurors.entries()) await post(`${path}/commit`, juror.token, ballots[seat]?.commit);
    await court.inPhase(job.job_id, "revealing");
    expect(await everythingStored()).not.toContain(salt);
    const wrong = { ...opened, vote: "client" };
    expect(await post(`${path}/reveal`, first.token, wrong)).toMatchObject(problem(422, "opening_invalid", "salt"));
    expect(await post(`${path}/reveal`, second.token, opened)).toMatchObject(problem(422, "opening_invalid"));
    expect(await post(`${path}/reveal`, first.token, opened)).toMatchObject({ status: 200 });
    expect(await post(`${path}/reveal`, first.token, opened)).toMatchObject({ status: 200 });
    expect(await post(`${path}/commit`, second.token, hers.commit)).toMatchObject({ status: 200 });
  });

  /** Every row of every table that a gateway writes while a case runs, as text. */
  async function everythingStored(): Promise<string> {
    const { db } = court.stack.gateway.context;
    const tables = [
      "commitments",
      "openings",
      "cases",
      "case_documents",
      "intents",
      "transactions",
      "chain_events",
      "job_events",
    ];
    const contents = await Promise.all(
      tables.map((table) => sql<{ row: string }>`select t::text as row from ${sql.table(table)} t`.execute(db)),
    );
    return contents.flatMap(({ rows }) => rows.map(({ row }) => row)).join("\n");
  }

  it("name what is missing where a balance does not cover the bond, and take a deposit along", async () => {
    const { agent, stack } = court;
    const { address } = devAccounts.client;
    const { found } = await court.disputed();
    const [held, { balance }] = [await stack.usdcOf(address), await agent.arbitration.account()];
    await agent.arbitration.withdraw(balance);
    await expect.poll(async () => (await agent.arbitration.account()).balance, { timeout: 10_000 }).toBe("0.00");
    expect(await stack.usdcOf(address)).toBeGreaterThan(held);
    await expect(agent.arbitration.answer(found)).rejects.toMatchObject({
      code: "balance_too_low",
      message: expect.stringContaining("0.00 USDC in the arbitration pool; 5.00 USDC are needed") as string,
    });
    await agent.arbitration.answer(found, { deposit: "5.00" });
    expect((await court.inPhase(found.job_id, "waiting")).parties.client.bonded).toBe("5.00");
    await agent.arbitration.deposit("200.00");
    await expect.poll(async () => (await agent.arbitration.account()).balance, { timeout: 10_000 }).toBe("200.00");
  });

  it("name the pool as the arbiter of jobs that it can judge", async () => {
    const { context } = court.stack.gateway;
    const pool = court.stack.deployment.arbitrationPool;
    expect(await arbiterFor(context, 500_000_000n)).toBe(pool);
    expect(await arbiterFor(context, 500_000_001n)).toBe(ZeroAddress);
    const strict = { ...context, config: { ...context.config, arbitrationMinJurors: 10 } };
    expect(await arbiterFor(strict, 1_000_000n)).toBe(ZeroAddress);
    expect((await court.post()).terms.arbiter).toBe(pool);
  });

  it("let a juror come and go by signed words", async () => {
    const { stack } = court;
    const [juror] = [...court.jurors.values()].slice(-1);
    if (juror === undefined) throw new Error("there are no jurors");
    const { api } = juror;
    const account = await api.arbitration.account();
    expect(account).toMatchObject({
      juror: { stake: "200.00", unstake_from: null },
      pool: { jurors: 9, min_stake: "100.00" },
    });
    await expect(api.arbitration.stake("50.00")).rejects.toMatchObject({ code: "balance_too_low" });
    await expect(api.arbitration.unstake()).rejects.toMatchObject({ code: "stake_not_free" });
    const foreign = { amount: "1.00", ...word(), valid_until: account.pool.chain_time + 600 };
    expect(await post("/v1/arbitration/stake", juror.token, foreign)).toMatchObject(problem(422, "signature_invalid"));
    expect(await post("/v1/arbitration/withdraw", stack.apiKey, foreign)).toMatchObject({ status: 422 });
    expect(await post("/v1/arbitration/collect", stack.apiKey, undefined)).toMatchObject(problem(403, "forbidden"));
    const authorization = {
      amount: "1.00",
      valid_after: 0,
      valid_before: 2 ** 39,
      nonce: id("n"),
      signature: word().signature,
    };
    expect(await post("/v1/arbitration/deposit", juror.token, authorization)).toMatchObject(
      problem(402, "authorization_refused"),
    );
  });
});
