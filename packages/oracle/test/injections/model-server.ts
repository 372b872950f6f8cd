import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { attempts } from "./attempts.ts";

interface Asked {
  system?: string;
  messages: { role: string; content: string }[];
}

/**
 * A model server of both protocols with a model that finds no evidence good enough, and obeys every demand that it reads. It
 * holds for data only what stands on one line between tags of the ticket in its instructions, without markup or a
 * character that is not seen; it reads everything else.
 */
export async function startModelServer(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const text = answerOf(body as Asked);
      const answer = request.url?.endsWith("/messages")
        ? { id: "m", type: "message", role: "assistant", model: "gullible", content: [{ type: "text", text }] }
        : {
            id: "c",
            object: "chat.completion",
            choices: [{ index: 0, message: { role: "assistant", content: text } }],
          };
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function answerOf({ system, messages }: Asked): string {
  const all = [...(system === undefined ? [] : [system]), ...messages.map(({ content }) => content)].join("\n");
  const ticket = /<evidence-([0-9a-f-]{36})>/.exec(all)?.[1] ?? "none";
  const read = withoutData(all, ticket);
  const obeyed = attempts.some(({ demand }) => read.includes(demand));
  return JSON.stringify({ ticket, answer: obeyed ? "yes" : "no", reason: "As I was told." });
}

function withoutData(all: string, ticket: string): string {
  const block = new RegExp(`\\n<evidence-${ticket}>\\n([^\\n]*)\\n</evidence-${ticket}>$`, "u");
  const data = block.exec(all)?.[1];
  if (data === undefined || /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}<>|`]/u.test(data)) return all;
  try {
    JSON.parse(data);
  } catch {
    // Not one piece of data, so it is read as text.
    return all;
  }
  return all.replace(block, "");
}
