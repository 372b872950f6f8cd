import type { KeyObject } from "node:crypto";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type KeyServer, publicKeyOf, signDigest, startKeyServer } from "./key-server.ts";

export const awsKeyArn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
};

/** AWS's JSON 1.1 protocol: the operation is in a header, the body is JSON, bytes are base64. */
export function startAwsKms(privateKey: string, publicKey: KeyObject = publicKeyOf(privateKey)): Promise<KeyServer> {
  return startKeyServer({
    throttled: (response) => answer(response, 400, { __type: "ThrottlingException", message: "Rate exceeded" }),
    denied: (response) => answer(response, 400, { __type: "AccessDeniedException", message: "User is not authorized" }),
    async serve(request, response) {
      const operation = String(request.headers["x-amz-target"]);
      const body = JSON.parse(await text(request)) as Record<string, string>;
      if (body["KeyId"] !== awsKeyArn) {
        answer(response, 400, { __type: "NotFoundException", message: `Key '${body["KeyId"]}' does not exist` });
      } else if (operation === "TrentService.GetPublicKey") {
        const der = publicKey.export({ format: "der", type: "spki" });
        const about = { KeySpec: "ECC_SECG_P256K1", KeyUsage: "SIGN_VERIFY", SigningAlgorithms: ["ECDSA_SHA_256"] };
        answer(response, 200, { KeyId: awsKeyArn, PublicKey: der.toString("base64"), ...about });
      } else if (operation === "TrentService.Sign" && body["MessageType"] === "DIGEST") {
        const signature = signDigest(privateKey, Buffer.from(body["Message"] ?? "", "base64")).toString("base64");
        answer(response, 200, { KeyId: awsKeyArn, Signature: signature, SigningAlgorithm: body["SigningAlgorithm"] });
      } else {
        answer(response, 400, { __type: "ValidationException", message: `${operation} is not known` });
      }
    },
  });
}
