import { sha256 } from "ethers";
import type { File } from "@hireforhumans/protocol";
import { AnswerError } from "./errors.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** Evidence files, known by the SHA-256 of their content. */
export class Files {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @example const file = await client.files.upload(new Blob([bytes], { type: "application/pdf" }), "receipt.pdf"); */
  async upload(content: Blob, name: string, options: CallOptions = {}): Promise<File> {
    const form = new FormData();
    form.set("file", content, name);
    return await this.#transport.call("uploadFile", { ...options, body: form });
  }

  /**
   * Downloads a file and checks that the content has the hash.
   * @throws AnswerError when it has not
   */
  async download(sha256Hex: string, options: CallOptions = {}): Promise<Uint8Array> {
    const response = await this.#transport.respond("downloadFile", {
      ...options,
      params: { sha256: sha256Hex },
      headers: { accept: "application/octet-stream" },
    });
    const content = new Uint8Array(await response.arrayBuffer());
    const actual = sha256(content).slice(2);
    if (actual !== sha256Hex) {
      throw new AnswerError(`The content has the SHA-256 ${actual}, not ${sha256Hex}.`, response.status);
    }
    return content;
  }
}
