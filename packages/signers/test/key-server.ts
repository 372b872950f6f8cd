import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createPublicKey, type KeyObject } from "node:crypto";
import { SigningKey, getBytes } from "ethers";

/** How a key service behaves for its next answers. */
export type Manner = "throttled" | "silent" | "denied" | "broken";

/** A local counterpart of a key service, which speaks its protocol and signs by a real key. */
export interface KeyServer {
  port: number;
  /** Of answers to come, in order; then all is well. */
  manners: Manner[];
  /** How often something was asked. */
  asked: number;
  stop(): Promise<void>;
}

export interface Protocol {
  throttled: (response: ServerResponse) => void;
  denied: (response: ServerResponse) => void;
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export async function startKeyServer({ serve, throttled, denied }: Protocol): Promise<KeyServer> {
  const server = createServer((request, response) => {
    keyServer.asked += 1;
    switch (keyServer.manners.shift()) {
      case "silent":
        return;
      case "broken":
        response.destroy();
        return;
      case "throttled":
        throttled(response);
        return;
      case "denied":
        denied(response);
        return;
      case undefined:
        serve(request, response).catch(() => response.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const keyServer: KeyServer = {
    port: (server.address() as AddressInfo).port,
    manners: [],
    asked: 0,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return keyServer;
}

/** A DER signature over 32 bytes, with a high s half of the time, as key services give. */
export function signDigest(privateKey: string, digest: Uint8Array): Buffer {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { r, s } = new SigningKey(privateKey).sign(digest);
  const mirrored = Math.random() < 0.5 ? BigInt(s) : order - BigInt(s);
  const body = Buffer.concat([integer(BigInt(r)), integer(mirrored)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}

export function publicKeyOf(privateKey: string): KeyObject {
  const point = Buffer.from(getBytes(new SigningKey(privateKey).publicKey));
  const coordinate = (start: number) => point.subarray(start, start + 32).toString("base64url");
  return createPublicKey({
    key: { kty: "EC", crv: "secp256k1", x: coordinate(1), y: coordinate(33) },
    format: "jwk",
  });
}
