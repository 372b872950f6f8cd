import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Gate {
  url: string;
  close(): void;
}

/**
 * A JSON-RPC proxy that shuts for good at the `nth` transaction that is sent through it: that one is handed on to the node
 * or not, and never answered. Then `onShut` is called.
 */
export async function openGate(nodeUrl: string, nth: number, handOn: boolean, onShut: () => void): Promise<Gate> {
  let sends = 0;
  const forward = async (body: string): Promise<string> => {
    const response = await fetch(nodeUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
    return response.text();
  };
  const server = createServer((request, response) => {
    const serve = async (): Promise<void> => {
      const body = await text(request);
      if (body.includes("eth_sendRawTransaction") && ++sends >= nth) {
        if (handOn) await forward(body);
        onShut();
        return;
      }
      response.setHeader("content-type", "application/json").end(await forward(body));
    };
    serve().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
