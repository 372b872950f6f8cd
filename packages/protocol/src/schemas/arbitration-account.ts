import { z } from "zod";
import { usdcAmount, usdcText } from "../amount.ts";
import { addressSchema, bytes32Schema, signatureSchema, transactionHashSchema, unixSecondsSchema } from "./scalars.ts";

/** Somebody's signed word, for the gateway to carry. */
export const carriedWordSchema = z.strictObject({ valid_until: unixSecondsSchema, signature: signatureSchema });
export type CarriedWord = z.infer<typeof carriedWordSchema>;

/** The body of POST /v1/arbitration/deposit: an EIP-3009 `ReceiveWithAuthorization` to the arbitration pool. */
export const depositSchema = z
  .strictObject({
    amount: usdcAmount,
    valid_after: unixSecondsSchema,
    valid_before: unixSecondsSchema,
    nonce: bytes32Schema.meta({ description: "Any 32 bytes that the account has not used with USDC before." }),
    signature: signatureSchema,
  })
  .meta({
    id: "Deposit",
    description: "A signed EIP-3009 authorization that brings USDC into the pool. It needs no gas and no allowance.",
  });
export type DepositInput = z.input<typeof depositSchema>;
export type Deposit = z.output<typeof depositSchema>;

/** The body of POST /v1/arbitration/withdraw. The signature is EIP-712 `Withdraw`. */
export const withdrawSchema = carriedWordSchema.extend({ amount: usdcAmount }).meta({ id: "Withdraw" });

/** The body of POST /v1/arbitration/stake. The signature is EIP-712 `Stake`. */
export const stakeSchema = carriedWordSchema
  .extend({ amount: usdcAmount, deposit: depositSchema.optional() })
  .meta({ id: "Stake" });

/** The body of POST /v1/arbitration/standing-answer. The signature is EIP-712 `SetStandingAnswer`. */
export const setStandingAnswerSchema = carriedWordSchema
  .extend({ stands: z.boolean() })
  .meta({ id: "SetStandingAnswer" });

/** The body of POST /v1/arbitration/retire. The signature is EIP-712 `Retire`. */
export const retireSchema = carriedWordSchema.meta({ id: "Retire" });

/** What an operation on an account answers. */
export const relayedSchema = z
  .object({ transaction_hash: transactionHashSchema })
  .meta({ id: "Relayed", description: "The word is signed into this transaction and on its way to the chain." });
export type Relayed = z.infer<typeof relayedSchema>;

/** The pool as callers need it to sign. */
export const arbitrationPoolSchema = z
  .object({
    chain_id: z.int(),
    address: addressSchema.meta({ description: "The EIP-712 domain's `verifyingContract`." }),
    usdc: addressSchema,
    usdc_name: z.string().meta({ description: "The name in USDC's EIP-712 domain." }),
    chain_time: unixSecondsSchema.meta({ description: "The chain's time now: `valid_until` counts from here." }),
    min_stake: usdcText,
    max_reward: usdcText.meta({ description: "The highest reward whose dispute is taken." }),
    jurors: z.int().min(0).meta({ description: "How many take part in draws." }),
    evidence_window: z.int().meta({ description: "Seconds." }),
    commit_window: z.int().meta({ description: "Seconds." }),
    reveal_window: z.int().meta({ description: "Seconds." }),
    appeal_window: z.int().meta({ description: "Seconds." }),
    exit_delay: z.int().meta({ description: "Seconds from `retire` until the stake is free." }),
  })
  .meta({ id: "ArbitrationPool", description: "The arbitration pool of this gateway's jobs." });

export const arbitrationAccountSchema = z
  .object({
    address: addressSchema,
    balance: usdcText.meta({ description: "What is in the pool and not at stake; bonds are taken from it." }),
    standing_answer: z.boolean().meta({ description: "Whether bonds for answers are taken from the balance at once." }),
    nonce: z.int().min(0).meta({ description: "To sign in the next word about this account." }),
    juror: z
      .object({
        stake: usdcText,
        locked: usdcText.meta({ description: "What of it is at risk in open cases." }),
        weight: z.int().min(0).meta({ description: "In the draw, whole USDC; 0: not drawn." }),
        unstake_from: unixSecondsSchema.nullable().meta({ description: "After `retire`: when the stake is free." }),
      })
      .nullable()
      .meta({ description: "Null: no juror." }),
    pool: arbitrationPoolSchema,
  })
  .meta({ id: "ArbitrationAccount", description: "What an account has in the arbitration pool, by the chain." });
export type ArbitrationAccount = z.infer<typeof arbitrationAccountSchema>;
