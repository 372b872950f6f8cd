import { z } from "zod";
import { usdcAmount } from "../amount.ts";
import { addressSchema } from "./scalars.ts";

/** The body of POST /v1/clients: how an operator lets somebody in. */
export const clientCreateSchema = z
  .strictObject({
    address: addressSchema.meta({ description: "The client's wallet: pays for its jobs, receives every refund." }),
    name: z.string().trim().min(1).max(100).default("first key").meta({ description: "What to call the key." }),
    cap_per_job: usdcAmount.optional().meta({ description: "The most that one job may cost, fee included." }),
    cap_total: usdcAmount.optional().meta({ description: "The most that all jobs of the key may cost." }),
  })
  .meta({ id: "ClientCreate", description: "A new client, or one more key with all scopes for a known one." });
export type ClientCreate = z.output<typeof clientCreateSchema>;
