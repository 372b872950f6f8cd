import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AnswerError, type Client, createClient, NotFoundError } from "@hireforhumans/client";
import type { Event } from "@hireforhumans/protocol";
import { type Answer, json, type ScriptedGateway, startScriptedGateway } from "../support/gateway.ts";
import { streamMessages } from "../../src/rest/event-stream.ts";
import { event, job, JOB_ID, problem } from "../support/samples.ts";

let gateway: ScriptedGateway;
let client: Client;
beforeAll(async () => {
  gateway = await startScriptedGateway();
  client = createClient({ baseUrl: gateway.baseUrl, apiKey: "k", retry: { baseMs: 1 } });
});
afterAll(async () => {
  await gateway.stop();
});

const paid = (sequence: number): Event => event("job.completed", sequence, job({ status: "paid", sequence }));
const written = (each: Event): string => `id: ${each.sequence}\nevent: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`;

/** Writes these pieces one by one, then ends the stream, or breaks it off. */
const stream =
  (pieces: string[], { breakOff = false } = {}): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const next = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) {
        if (breakOff) response.destroy();
        else response.end();
        return;
      }
      response.write(piece, () => setImmediate(next, index + 1));
    };
    next(0);
  };

async function followed(options = {}): Promise<string[]> {
  const types: string[] = [];
  for await (const each of client.jobs.events(JOB_ID, options)) types.push(`${each.sequence} ${each.type}`);
  return types;
}

describe("a job's events", () => {
  it("come until the job has ended", async () => {
    gateway.script(stream([written(event("job.created", 1)), written(event("job.accepted", 2)), written(paid(3))]));
    expect(await followed()).toEqual(["1 job.created", "2 job.accepted", "3 job.completed"]);
    expect(gateway.received[0]?.headers).toMatchObject({ accept: "text/event-stream", authorization: "Bearer k" });
    expect(gateway.received[0]?.headers["last-event-id"]).toBeUndefined();
  });

  it("are taken up after the last one seen when the connection breaks off, none lost and none twice", async () => {
    const second = written(event("job.accepted", 2));
    gateway.script(
      stream([written(event("job.created", 1)), second, "id: 3\ndata: {half an"], { breakOff: true }),
      stream([second, written(event("job.submitted", 3))]),
      stream([written(paid(4))]),
    );
    expect(await followed()).toEqual(["1 job.created", "2 job.accepted", "3 job.submitted", "4 job.completed"]);
    expect(gateway.received.map((request) => request.headers["last-event-id"])).toEqual([undefined, "2", "3"]);
  });

  it("begin where the caller left off", async () => {
    gateway.script(stream([written(paid(8))]));
    expect(await followed({ after: 7 })).toEqual(["8 job.completed"]);
    expect(gateway.received[0]?.headers["last-event-id"]).toBe("7");
  });

  it("are told to the last one when an ended job is followed from its start", async () => {
    const ended = job({ status: "paid", sequence: 2 });
    gateway.script(stream([written(event("job.created", 1, ended)), written(event("job.completed", 2, ended))]));
    expect(await followed()).toEqual(["1 job.created", "2 job.completed"]);
  });

  it("are read however the stream is cut and whatever line ends it has", async () => {
    const text = `retry: 5\r\n: keep-alive\r\n\r\n${written(event("job.created", 1)).replaceAll("\n", "\r\n")}${written(paid(2))}`;
    gateway.script(stream(text.match(/./gs) ?? []));
    expect(await followed()).toEqual(["1 job.created", "2 job.completed"]);
  });

  it("keep letters whole that a chunk cut in two", async () => {
    const bytes = Buffer.from(written(event("job.completed", 1, job({ status: "paid", resolution: "Ünïcödé ✓" }))));
    const cut = bytes.indexOf(0xe2) + 1;
    gateway.script((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(bytes.subarray(0, cut), () => setImmediate(() => response.end(bytes.subarray(cut))));
    });
    for await (const each of client.jobs.events(JOB_ID)) expect(each.resolution).toBe("Ünïcödé ✓");
  });

  it("are not waited for on a connection that has gone silent", async () => {
    const lines = [": keep-alive\n", "data: one\n\n"];
    const silent = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const line = lines.shift();
        if (line !== undefined) controller.enqueue(new TextEncoder().encode(line));
      },
    });
    const messages: string[] = [];
    for await (const message of streamMessages(silent, 20)) messages.push(message.data);
    expect(messages).toEqual(["one"]);
  });

  it("end with the gateway's refusal", async () => {
    gateway.script(json(404, problem("not_found")));
    await expect(followed()).rejects.toBeInstanceOf(NotFoundError);
  });

  it("that are none are an error", async () => {
    gateway.script(stream(['data: {"type": "job.created"}\n\n']));
    await expect(followed()).rejects.toBeInstanceOf(AnswerError);
  });

  it("stop when the caller says so, and let the connection go", async () => {
    const closed = new Promise<void>((resolve) => {
      gateway.script((response) => {
        response.on("close", resolve);
        response.writeHead(200, { "content-type": "text/event-stream" }).write(written(event("job.created", 1)));
      });
    });
    for await (const each of client.jobs.events(JOB_ID)) {
      expect(each.sequence).toBe(1);
      break;
    }
    await closed;

    const controller = new AbortController();
    gateway.script((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(written(event("job.created", 1)));
    });
    const reason = new Error("enough");
    const following = (async () => {
      for await (const each of client.jobs.events(JOB_ID, { signal: controller.signal })) {
        expect(each.sequence).toBe(1);
        controller.abort(reason);
      }
    })();
    await expect(following).rejects.toBe(reason);
  });
});
