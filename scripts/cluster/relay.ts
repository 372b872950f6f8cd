import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** One address for a server that may be replaced by another, or be out of reach for a while. */
export interface Relay {
  readonly port: number;
  /** Sends new connections to that port, and cuts all that there are; undefined: nobody is reached. */
  lead(port: number | undefined): void;
  stop(): Promise<void>;
}

export async function startRelay(to: number | undefined): Promise<Relay> {
  let target = to;
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  const server = createServer((socket) => {
    keep(socket);
    if (target === undefined) {
      socket.destroy();
      return;
    }
    const beyond = connect(target, "127.0.0.1");
    keep(beyond);
    // Either side's end, good or bad, is the other's.
    socket.on("error", () => beyond.destroy()).on("close", () => beyond.destroy());
    beyond.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.setNoDelay(true).pipe(beyond.setNoDelay(true)).pipe(socket);
  });
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    lead(port) {
      target = port;
      cut();
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}
