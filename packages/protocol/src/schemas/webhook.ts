import { z } from "zod";
import { eventTypeSchema } from "./event.ts";
import { deliveryIdSchema, endpointIdSchema, eventIdSchema, jobIdSchema } from "./ids.ts";
import { webhookHeadersSchema } from "./job-create.ts";
import { listOf, pageQuerySchema } from "./list.ts";
import { httpUrlSchema, instantSchema } from "./scalars.ts";

/** The body of POST /v1/webhooks/endpoints. */
export const endpointCreateSchema = z
  .strictObject({
    url: httpUrlSchema,
    event_types: z.array(eventTypeSchema).default([]).meta({ description: "Which events; empty: all." }),
    headers: webhookHeadersSchema.default({}),
  })
  .meta({ id: "WebhookEndpointCreate" });
export type EndpointCreateInput = z.input<typeof endpointCreateSchema>;
export type EndpointCreate = z.output<typeof endpointCreateSchema>;

export const endpointSchema = z
  .object({
    id: endpointIdSchema,
    url: httpUrlSchema,
    event_types: z.array(eventTypeSchema),
    header_names: z.array(z.string()).meta({ description: "The headers that are sent along; their values stay here." }),
    job_id: jobIdSchema.nullable().meta({ description: "Set when it came with one job and hears of that job only." }),
    old_secret_until: instantSchema
      .nullable()
      .meta({ description: "Until when deliveries carry the signature of the secret before the last rotation too." }),
    paused_until: instantSchema.nullable().meta({ description: "After many failures deliveries wait until then." }),
    created_at: instantSchema,
  })
  .meta({ id: "WebhookEndpoint", description: "Where events are sent." });
export type Endpoint = z.infer<typeof endpointSchema>;

export const endpointCreatedSchema = endpointSchema
  .extend({ secret: z.string().meta({ description: "Verifies the signatures (`whsec_…`). Shown this once." }) })
  .meta({ id: "WebhookEndpointCreated" });
export type EndpointCreated = z.infer<typeof endpointCreatedSchema>;

/** The body of both routes that rotate a webhook secret. */
export const webhookSecretRotateSchema = z
  .strictObject({
    grace_minutes: z
      .int()
      .min(0)
      .max(7 * 24 * 60)
      .default(24 * 60)
      .meta({ description: "How long deliveries carry the old secret's signature beside the new one's." }),
  })
  .meta({ id: "WebhookSecretRotate" });

export const webhookSecretRotatedSchema = z
  .object({
    webhook_secret: z.string().meta({
      description: "Verifies from now on what a job's `webhook_url` asked for (`whsec_…`). Shown this once.",
    }),
    old_secret_until: instantSchema
      .nullable()
      .meta({ description: "Until when deliveries carry the old secret's signature too." }),
  })
  .meta({ id: "WebhookSecretRotated" });
export type WebhookSecretRotated = z.infer<typeof webhookSecretRotatedSchema>;

export const endpointListSchema = listOf(endpointSchema, "WebhookEndpointList");

export const deliveryStatusSchema = z.enum(["pending", "delivered", "dead"]).meta({
  id: "DeliveryStatus",
  description:
    "pending: not yet, or to be tried again. delivered: answered 2xx. dead: given up after a day; replay it.",
});
export type DeliveryStatus = z.infer<typeof deliveryStatusSchema>;

export const deliverySchema = z
  .object({
    id: deliveryIdSchema,
    endpoint_id: endpointIdSchema,
    event_id: eventIdSchema,
    event_type: eventTypeSchema,
    job_id: jobIdSchema,
    sequence: z.int().min(1),
    status: deliveryStatusSchema,
    attempts: z.int().min(0),
    next_attempt_at: instantSchema.nullable(),
    response_status: z.int().nullable(),
    error: z.string().nullable(),
    delivered_at: instantSchema.nullable(),
    created_at: instantSchema,
  })
  .meta({ id: "WebhookDelivery", description: "One event on its way to one endpoint." });
export type Delivery = z.infer<typeof deliverySchema>;

export const deliveryListSchema = listOf(deliverySchema, "WebhookDeliveryList");

export const deliveryListQuerySchema = pageQuerySchema.extend({
  endpoint_id: endpointIdSchema.optional(),
  job_id: jobIdSchema.optional(),
  status: deliveryStatusSchema.optional(),
});
