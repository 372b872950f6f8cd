import { z } from "zod";
import { listOf, numberText, pageQuerySchema } from "./list.ts";
import { instantSchema, sha256Schema } from "./scalars.ts";

/** What only somebody with special rights can do. */
export const AUDIT_ACTIONS = [
  "client.created",
  "client.webhook_secret_rotated",
  "key.created",
  "key.rotated",
  "key.revoked",
  "endpoint.created",
  "endpoint.deleted",
  "endpoint.secret_rotated",
  "screening.appealed",
  "screening.decided",
  "golden_task.imported",
  "golden_task.retired",
  "signer.taken_over",
] as const;

export const auditActionSchema = z.enum(AUDIT_ACTIONS).meta({
  id: "AuditAction",
  description: "What was done; see docs/security.md.",
  example: "key.rotated",
});
export type AuditAction = z.infer<typeof auditActionSchema>;

const sequenceSchema = z.int().min(1).meta({ description: "1, 2, 3 … without gaps." });

export const auditEntrySchema = z
  .object({
    sequence: sequenceSchema,
    at: instantSchema,
    actor: z.string().meta({ description: "`operator`, `gateway`, or the id of a key.", example: "operator" }),
    action: auditActionSchema,
    subject: z.string().meta({ description: "The id of what it was done to." }),
    client_id: z.string().nullable().meta({ description: "Whose it is, where it is a client's." }),
    request_id: z.string().nullable().meta({ description: "Of the request that did it, as the log has it." }),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
    previous_hash: sha256Schema.meta({ description: "The `hash` of the entry before; 64 zeros for the first." }),
    hash: sha256Schema.meta({ description: "SHA-256 of the canonical JSON (RFC 8785) of all other members." }),
  })
  .meta({ id: "AuditEntry", description: "One privileged act. Entries are never changed and hold no secrets." });
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type AuditDetails = AuditEntry["details"];

export const auditListSchema = listOf(auditEntrySchema, "AuditList");
export const auditListQuerySchema = pageQuerySchema;

export const auditHeadSchema = z
  .object({ sequence: sequenceSchema, hash: sha256Schema })
  .meta({ id: "AuditHead", description: "The last entry, which stands for all before it." });
export type AuditHead = z.infer<typeof auditHeadSchema>;

export const auditVerificationSchema = z
  .object({
    intact: z.boolean(),
    head: auditHeadSchema.nullable().meta({ description: "The last entry; null: there is none." }),
    first_broken: z
      .object({ sequence: sequenceSchema, problem: z.string() })
      .nullable()
      .meta({ description: "The first entry that does not fit." }),
  })
  .meta({ id: "AuditVerification", description: "Whether the chain of privileged acts is whole." });
export type AuditVerification = z.infer<typeof auditVerificationSchema>;

/** A head that was written down elsewhere: by it also a chain that was rewritten as a whole is noticed. */
export const auditVerificationQuerySchema = z
  .strictObject({
    known_sequence: numberText(sequenceSchema).optional(),
    known_hash: sha256Schema.optional(),
  })
  .refine((query) => (query.known_sequence === undefined) === (query.known_hash === undefined), {
    message: "known_sequence and known_hash go together",
    path: ["known_hash"],
  });
