import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engines } from "../support/database.ts";
import { type Court, startCourt } from "./court.ts";

describe.each(engines)("cases that their parties and jurors leave to themselves (%s)", (engine) => {
  let court: Court;
  beforeAll(async () => {
    court = await startCourt(engine);
  });
  afterAll(() => court.stop());

  it("rule for the side that bonded, where the other does not answer", async () => {
    const { job, found } = await court.disputed();
    await court.passPhase(found);
    const ruled = await court.inPhase(job.job_id, "ruled");
    expect(ruled).toMatchObject({ winner: "worker", fees: "0.00", panels: [], payments: [] });
    await court.reached(job.job_id, "paid");
  });

  it("carry what votes there are when the window nears its end, and slash the one who sleeps", async () => {
    const { job } = await court.answered();
    const drawn = await court.drawn(job.job_id);
    for (const seat of [0, 1]) {
      const { api } = court.jurorAt(drawn, seat);
      await api.arbitration.commit(await api.arbitration.case(job.job_id), "client");
    }
    const held = await court.agent.arbitration.case(job.job_id);
    expect(held.panels[0]?.seats.map(({ committed, commitment }) => committed && commitment === null)).toEqual([
      true,
      true,
      false,
    ]);
    const { chain } = court.stack;
    await chain.increaseTime((drawn.until ?? 0) - (await chain.timeSeconds()) - 300);
    await expect
      .poll(
        async () =>
          (await court.agent.arbitration.case(job.job_id)).panels[0]?.seats.filter(({ commitment }) => commitment)
            .length,
        { timeout: 15_000 },
      )
      .toBe(2);
    await court.passPhase(await court.agent.arbitration.case(job.job_id));
    await court.inPhase(job.job_id, "revealing");
    for (const seat of [0, 1]) {
      const { api } = court.jurorAt(drawn, seat);
      await api.arbitration.reveal(await api.arbitration.case(job.job_id));
    }
    const decided = await court.inPhase(job.job_id, "appealing");
    expect(decided.standing).toBe("client");
    await court.passPhase(decided);
    const ruled = await court.inPhase(job.job_id, "ruled");
    expect(ruled).toMatchObject({ winner: "client", worker_share_bps: 0 });
    const sleeper = court.jurorAt(drawn, 2).address;
    expect(ruled.payments.find(({ address }) => address === sleeper)).toMatchObject({ slashed: "5.00" });
    await court.reached(job.job_id, "refunded");
  });

  it("are judged by seven after an appeal, and told of by events in order", async () => {
    const { ada, agent } = court;
    const { job } = await court.answered();
    await court.drawn(job.job_id);
    await court.vote(job.job_id, ["client", "client", "worker"]);
    const lost = await court.inPhase(job.job_id, "appealing");
    expect(lost).toMatchObject({ standing: "client", next_round: 1, next_bond: "10.00" });
    await ada.api.arbitration.appeal(await ada.api.arbitration.case(job.job_id));
    await agent.arbitration.answer(await court.inPhase(job.job_id, "answering"));
    const drawn = await court.drawn(job.job_id);
    expect(drawn.panels[1]?.seats).toHaveLength(7);
    await court.vote(
      job.job_id,
      Array.from({ length: 7 }, () => "worker" as const),
    );
    await court.passPhase(await court.inPhase(job.job_id, "appealing"));
    const ruled = await court.inPhase(job.job_id, "ruled");
    expect(ruled).toMatchObject({ winner: "worker", round: 1, parties: { worker: { bonded: "15.00" } } });

    const { body } = await court.call("GET", `/v1/jobs/${job.job_id}/events?limit=100`, {
      token: court.stack.apiKey,
      accept: "application/json",
    });
    const types = (body?.["data"] as { type: string }[])
      .map(({ type }) => type)
      .filter((type) => type.startsWith("case."));
    expect(types.filter((type) => !["case.committed", "case.revealed"].includes(type))).toEqual([
      "case.opened",
      "case.answered",
      "case.drawn",
      "case.tallied",
      "case.appealed",
      "case.answered",
      "case.drawn",
      "case.tallied",
      "case.ruled",
    ]);
    expect(types.filter((type) => type === "case.revealed")).toHaveLength(10);
  }, 90_000);

  it("end by the terms' split after three panels that slept", async () => {
    const { job } = await court.answered();
    for (const panel of [0, 1, 2]) {
      const drawn = await court.drawn(job.job_id);
      expect(drawn.panels).toHaveLength(panel + 1);
      await court.passPhase(drawn);
    }
    const ruled = await court.inPhase(job.job_id, "ruled");
    expect(ruled).toMatchObject({ winner: "split", redraws: 2, worker_share_bps: 5_000 });
    await court.reached(job.job_id, "split");
  }, 60_000);

  it("share files that a party adds with the other side and the jurors, and with nobody else", async () => {
    const { ada, ben, agent } = court;
    const { job, found } = await court.answered();
    const content = new Blob([`Recording of the call about ${job.job_id}.`]);
    const file = await ada.api.files.upload(content, "call.txt");
    const item = {
      kind: "file" as const,
      sha256: file.sha256,
      name: file.name,
      media_type: file.media_type,
      size_bytes: file.size_bytes,
    };
    await ada.api.arbitration.addEvidence(found, { text: "Listen to this.", items: [item] });
    await expect
      .poll(async () => (await agent.arbitration.case(job.job_id)).evidence_added, { timeout: 10_000 })
      .toMatchObject([{ by: "worker", document: { text: "Listen to this." } }]);
    await expect(agent.arbitration.addEvidence(found, { items: [item] })).rejects.toMatchObject({
      code: "evidence_file_missing",
    });
    const drawn = await court.drawn(job.job_id);
    const juror = court.jurorAt(drawn, 0);
    const bytes = new Uint8Array(await content.arrayBuffer());
    expect(await juror.api.files.download(file.sha256)).toEqual(bytes);
    expect(await agent.files.download(file.sha256)).toEqual(bytes);
    await expect(ben.api.files.download(file.sha256)).rejects.toMatchObject({ code: "not_found" });
    await expect(ada.api.arbitration.addEvidence(found, { text: "Too late." })).rejects.toMatchObject({
      code: "wrong_phase",
    });
  });

  it("are opened again by the same bytes when the chain takes a dispute back", async () => {
    const { ada, stack } = court;
    const { db } = stack.gateway.context;
    const { job } = await court.rejected();
    const openedIn = async () => {
      const opened = db
        .selectFrom("chain_events")
        .select(["block_hash", "transaction_hash"])
        .where("name", "=", "Opened");
      return (await opened.where("chain_job_id", "=", job.chain_job_id).executeTakeFirst()) ?? null;
    };
    const snapshot = await stack.chain.rpc("evm_snapshot");
    await ada.api.arbitration.dispute(job, "I did call.");
    const { statement } = await court.inPhase(job.job_id, "answering");
    const before = await openedIn();
    await stack.chain.rpc("evm_revert", [snapshot]);
    await stack.chain.mine(3);
    await expect
      .poll(async () => (await openedIn())?.block_hash ?? before?.block_hash, { timeout: 20_000 })
      .not.toBe(before?.block_hash);
    expect((await openedIn())?.transaction_hash).toBe(before?.transaction_hash);
    expect(await court.inPhase(job.job_id, "answering")).toMatchObject({ statement, phase: "answering" });
    const { data } = await court
      .call("GET", `/v1/jobs/${job.job_id}/events?limit=100`, {
        token: stack.apiKey,
        accept: "application/json",
      })
      .then(({ body }) => body as { data: { type: string }[] });
    expect(data.filter(({ type }) => type === "case.opened")).toHaveLength(1);
  });
});
