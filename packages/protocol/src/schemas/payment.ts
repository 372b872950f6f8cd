import { z } from "zod";
import { usdcText } from "../amount.ts";
import { jobIdSchema } from "./ids.ts";
import { addressSchema, bytes32Schema, instantSchema } from "./scalars.ts";
import { termsSchema } from "./terms.ts";

/** One way to pay, in the shape of x402's payment requirements; USDC only, by EIP-3009 to the escrow. */
export const paymentRequirementSchema = z
  .object({
    scheme: z.literal("exact"),
    network: z.string().meta({ description: "The chain as CAIP-2.", example: "eip155:137" }),
    amount: z.string().regex(/^\d+$/).meta({ description: "Reward and fee in base units." }),
    asset: addressSchema.meta({ description: "USDC." }),
    payTo: addressSchema.meta({ description: "The escrow." }),
    maxTimeoutSeconds: z.int().min(1),
    extra: z
      .object({
        name: z.string().meta({ description: "USDC's EIP-712 domain name." }),
        version: z.string(),
        primaryType: z.literal("ReceiveWithAuthorization"),
        nonce: bytes32Schema.meta({ description: "The nonce to sign: the job's id on chain." }),
        terms: termsSchema,
        job_id: jobIdSchema,
      })
      .meta({ description: "What to sign. The nonce ties the payment to these terms." }),
  })
  .meta({ id: "PaymentRequirement", description: "How to pay for the job by signature." });
export type PaymentRequirement = z.infer<typeof paymentRequirementSchema>;

/** The members that a 402 adds to the problem document. */
export const paymentProblemSchema = z.object({
  shortfall: usdcText.meta({ description: "What is missing, in USDC: the most that any figure below lacks." }),
  needed: usdcText.meta({ description: "Reward and fee." }),
  balance: usdcText.meta({ description: "The wallet's USDC, less what jobs on their way into escrow take." }),
  allowance: usdcText.meta({ description: "What the wallet lets the escrow pull, less the same." }),
  limit_remaining: usdcText.meta({
    description: "What is left of the spending limit set for this gateway, less the same.",
  }),
  limit_per_job: usdcText.meta({ description: "The most that one job may take of that limit." }),
  limit_expires_at: instantSchema.nullable().meta({ description: "When that limit ends; null: none was set." }),
  x402Version: z.literal(2),
  accepts: z.array(paymentRequirementSchema),
});
export type PaymentProblem = z.infer<typeof paymentProblemSchema>;
