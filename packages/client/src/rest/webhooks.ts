import type { Delivery, Endpoint, EndpointCreated, WebhookSecretRotated } from "@hireforhumans/protocol";
import { type Pages, pagesOf } from "./pages.ts";
import type { BodyOf, CallOptions, QueryOf, Transport } from "./transport.ts";

/** Where events are sent, and what became of each. */
export class Webhooks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds the secret for `verifyWebhook`, this once. */
  async createEndpoint(endpoint: BodyOf<"createEndpoint">, options: CallOptions = {}): Promise<EndpointCreated> {
    return await this.#transport.call("createEndpoint", { ...options, body: endpoint });
  }

  endpoints(options: CallOptions = {}): Pages<Endpoint> {
    return pagesOf((cursor) => this.#transport.call("listEndpoints", { ...options, query: { cursor } }));
  }

  /** Gives an endpoint a new secret; for a while deliveries carry the old one's signature too. */
  async rotateEndpointSecret(
    endpointId: string,
    rotation: BodyOf<"rotateEndpointSecret"> = {},
    options: CallOptions = {},
  ): Promise<EndpointCreated> {
    const params = { id: endpointId };
    return await this.#transport.call("rotateEndpointSecret", { ...options, params, body: rotation });
  }

  /** The same for the secret by which `webhook_url` of all jobs is signed. */
  async rotateSecret(
    rotation: BodyOf<"rotateWebhookSecret"> = {},
    options: CallOptions = {},
  ): Promise<WebhookSecretRotated> {
    return await this.#transport.call("rotateWebhookSecret", { ...options, body: rotation });
  }

  async deleteEndpoint(endpointId: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.call("deleteEndpoint", { ...options, params: { id: endpointId } });
  }

  deliveries(
    filter: Partial<Omit<QueryOf<"listDeliveries">, "cursor">> = {},
    options: CallOptions = {},
  ): Pages<Delivery> {
    return pagesOf((cursor) => this.#transport.call("listDeliveries", { ...options, query: { ...filter, cursor } }));
  }

  /** Sends a delivery again, also one that was given up. */
  async replay(deliveryId: string, options: CallOptions = {}): Promise<Delivery> {
    return await this.#transport.call("replayDelivery", { ...options, params: { id: deliveryId } });
  }
}
