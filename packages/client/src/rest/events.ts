import { type Event, eventSchema, isFinal } from "@hireforhumans/protocol";
import { AnswerError, GatewayError } from "./errors.ts";
import { streamMessages } from "./event-stream.ts";
import { sleep } from "./retry.ts";
import type { Transport } from "./transport.ts";

export interface EventsOptions {
  /** Go on after this event's `sequence`; all events from the first when left out. */
  after?: number | undefined;
  /** Ends the iteration by throwing the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Follows a job's events until the job has ended. A connection that breaks off is taken up again after the last event
 * seen, so that none is lost or told twice.
 * @throws GatewayError when the gateway refuses, or can't be reached after all attempts
 * @example for await (const event of client.jobs.events(jobId)) console.log(event.type);
 */
export async function* jobEvents(
  transport: Transport,
  jobId: string,
  { after = 0, signal }: EventsOptions = {},
): AsyncGenerator<Event> {
  let last = after;
  for (;;) {
    try {
      for await (const event of oneConnection(transport, jobId, last, signal)) {
        if (event.sequence <= last) continue;
        last = event.sequence;
        yield event;
        if (isFinal(event.data.status) && event.sequence >= event.data.sequence) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      // What is not the gateway's word is a stream that broke off.
      if (error instanceof GatewayError) throw error;
    }
    await sleep(Math.random() * transport.retry.baseMs, signal);
  }
}

async function* oneConnection(
  transport: Transport,
  jobId: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event> {
  const response = await transport.respond("streamEvents", {
    params: { id: jobId },
    headers: { accept: "text/event-stream", ...(after > 0 ? { "last-event-id": String(after) } : {}) },
    signal,
  });
  if (response.body === null) throw new AnswerError("The stream of events has no body.", response.status);
  for await (const message of streamMessages(response.body)) yield eventOf(message.data, response.status);
}

function eventOf(data: string, status: number): Event {
  try {
    return eventSchema.parse(JSON.parse(data));
  } catch (cause) {
    throw new AnswerError("An event is not what its schema says.", status, { cause });
  }
}
