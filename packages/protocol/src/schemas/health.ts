import { z } from "zod";

export const livenessSchema = z.object({ status: z.literal("ok") }).meta({ id: "Liveness" });

export const readinessSchema = z
  .object({
    status: z.enum(["ok", "unavailable"]),
    parts: z
      .record(z.string(), z.object({ status: z.enum(["ok", "unavailable"]), detail: z.string().optional() }))
      .meta({ description: "Each part that is needed to serve: database, chain, queue, …" }),
  })
  .meta({ id: "Readiness" });
export type Readiness = z.infer<typeof readinessSchema>;
