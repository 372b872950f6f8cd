/** One message of a server-sent event stream. */
export interface StreamMessage {
  /** The last id that the stream has told, or "". */
  id: string;
  data: string;
}

/**
 * Reads a server-sent event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). A message that the
 * stream's end cuts off is dropped, as the standard says.
 */
export async function* streamMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  let id = "";
  let data: string[] = [];
  for await (const line of linesOf(body)) {
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

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
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
