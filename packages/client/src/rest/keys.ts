import type { Key, KeyCreated } from "@hireforhumans/protocol";
import { type Pages, pagesOf } from "./pages.ts";
import type { BodyOf, CallOptions, Transport } from "./transport.ts";

/** API keys of your client. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds the secret, this once. */
  async create(key: BodyOf<"createKey">, options: CallOptions = {}): Promise<KeyCreated> {
    return await this.#transport.call("createKey", { ...options, body: key });
  }

  list(options: CallOptions = {}): Pages<Key> {
    return pagesOf((cursor) => this.#transport.call("listKeys", { ...options, query: { cursor } }));
  }

  /** Gives this key, or one that it made, a new secret; the answer holds it, this once. */
  async rotate(keyId: string, rotation: BodyOf<"rotateKey"> = {}, options: CallOptions = {}): Promise<KeyCreated> {
    return await this.#transport.call("rotateKey", { ...options, params: { id: keyId }, body: rotation });
  }

  async revoke(keyId: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.call("revokeKey", { ...options, params: { id: keyId } });
  }
}
