import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

interface Asked {
  path: string;
  headers: IncomingHttpHeaders;
  model: string;
  text: string;
}

/** A model server of both protocols that answers by `answer`, or with a status and a body where that gives one. */
export async function startJudgeServer(answer: (asked: Asked) => "yes" | "no" | { status: number; body: unknown }) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const {
        model,
        system = "",
        messages,
      } = body as {
        model: string;
        system?: string;
        messages: { content: string }[];
      };
      const text = [system, ...messages.map(({ content }) => content)].join("\n");
      const one = { path: request.url ?? "", headers: request.headers, model, text };
      asked.push(one);
      const said = answer(one);
      response.setHeader("content-type", "application/json");
      if (typeof said !== "string") {
        response.writeHead(said.status).end(JSON.stringify(said.body));
        return;
      }
      const ticket = /<evidence-([0-9a-f-]{36})>/.exec(text)?.[1];
      const content = JSON.stringify({ ticket, answer: said, reason: "By the text." });
      response.end(
        JSON.stringify(
          one.path.endsWith("/messages")
            ? { id: "m", type: "message", role: "assistant", model, content: [{ type: "text", text: content }] }
            : {
                id: "c",
                object: "chat.completion",
                choices: [{ index: 0, message: { role: "assistant", content } }],
              },
        ),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
