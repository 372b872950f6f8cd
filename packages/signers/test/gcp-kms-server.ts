import type { KeyObject } from "node:crypto";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type KeyServer, publicKeyOf, signDigest, startKeyServer } from "./key-server.ts";

export const gcpKeyVersion = "projects/p-1/locations/europe-west3/keyRings/hfh/cryptoKeys/relayer/cryptoKeyVersions/1";

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const refuse = (response: ServerResponse, code: number, status: string, message: string): void =>
  answer(response, code, { error: { code, status, message } });

/** Google's REST protocol: the resource is in the path, the body is JSON, bytes are base64. */
export function startGcpKms(privateKey: string, publicKey: KeyObject = publicKeyOf(privateKey)): Promise<KeyServer> {
  return startKeyServer({
    throttled: (response) => refuse(response, 429, "RESOURCE_EXHAUSTED", "Quota exceeded"),
    denied: (response) => refuse(response, 403, "PERMISSION_DENIED", "Permission denied on the key"),
    async serve(request, response) {
      const path = decodeURIComponent(new URL(request.url ?? "", "http://local").pathname);
      if (!path.startsWith(`/v1/${gcpKeyVersion}`)) {
        refuse(response, 404, "NOT_FOUND", `${path} was not found`);
      } else if (request.method === "GET" && path.endsWith("/publicKey")) {
        const pem = publicKey.export({ format: "pem", type: "spki" });
        answer(response, 200, { pem, algorithm: "EC_SIGN_SECP256K1_SHA256", name: gcpKeyVersion });
      } else if (request.method === "POST" && path.endsWith(":asymmetricSign")) {
        const { digest } = JSON.parse(await text(request)) as { digest: { sha256: string } };
        const signature = signDigest(privateKey, Buffer.from(digest.sha256, "base64")).toString("base64");
        answer(response, 200, { signature, name: gcpKeyVersion });
      } else {
        refuse(response, 404, "NOT_FOUND", `${request.method} ${path} was not found`);
      }
    },
  });
}
