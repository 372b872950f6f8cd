/** One message of a server-sent event stream. */
export interface StreamMessage {
  /** The last id that the stream has told, or "". */
  id: string;
  data: string;
}

/** The gateway says something every 15 s. After so long a silence the connection is dead, whatever TCP knows of it. */
const SILENCE_MS = 60_000;

/**
 * Reads a server-sent event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). A message that the
 * stream's end cuts off is dropped, as the standard says.
 * Silence for `silenceMs` is taken for its end.
 */
export async function* streamMessages(
  body: ReadableStream<Uint8Array>,
  silenceMs = SILENCE_MS,
): AsyncGenerator<StreamMessage> {
  let id = "";
  let data: string[] = [];
  for await (const line of linesOf(body, silenceMs)) {
    if (line === "") {
      if (data.length > 0) yield { id, data: data.join("\n") };
      data = [];
      continue;
    }
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    if (name === "id" && !value.includes("\0")) id = value;
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>, silenceMs: number): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), silenceMs);
      if (done) return;
      rest += value;
      // A \r at the end may be the first half of \r\n, so it waits for what follows.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    // Also when the reader of this generator stops early: the connection must not stay open. A stream that already
    // failed fails the same way here, and that was thrown.
    await reader.cancel().catch(() => undefined);
  }
}

async function inTime<T>(
  read: Promise<ReadableStreamReadResult<T>>,
  silenceMs: number,
): Promise<ReadableStreamReadResult<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<{ done: true; value: undefined }>((resolve) => {
    timer = setTimeout(() => {
      resolve({ done: true, value: undefined });
    }, silenceMs);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}
