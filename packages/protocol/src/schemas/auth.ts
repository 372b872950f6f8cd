import { z } from "zod";
import { addressSchema, instantSchema, signatureSchema } from "./scalars.ts";
import { workerSchema } from "./worker.ts";

/** The body of POST /v1/auth/nonce. */
export const nonceCreateSchema = z.strictObject({ address: addressSchema }).meta({ id: "NonceCreate" });

export const nonceSchema = z
  .object({
    nonce: z.string().min(8).max(100),
    message: z.string().meta({ description: "The EIP-4361 message to sign, as it stands (personal_sign)." }),
    expires_at: instantSchema,
  })
  .meta({ id: "Nonce", description: "A sign-in that waits for its signature; used once." });
export type Nonce = z.infer<typeof nonceSchema>;

/** The body of POST /v1/auth/sign-in. */
export const signInSchema = z
  .strictObject({ message: z.string().min(1).max(4000), signature: signatureSchema })
  .meta({ id: "SignIn" });
export type SignIn = z.infer<typeof signInSchema>;

export const sessionSchema = z
  .object({
    token: z.string().meta({ description: "Send as `Authorization: Bearer <token>`." }),
    expires_at: instantSchema,
    worker: workerSchema,
  })
  .meta({ id: "Session", description: "A worker's session." });
export type Session = z.infer<typeof sessionSchema>;
