import {
  CONTEXT_MEMBERS,
  type Context,
  type ContextPacket,
  type Entities,
  type JobCreate,
  packetHashOf,
} from "@hireforhumans/protocol";
import { defaultAcceptance } from "./default-acceptance.ts";

export interface PacketSource {
  jobId: string;
  request: Pick<JobCreate, "category" | "description" | "context" | "acceptance" | "state">;
  deadlineAt: Date;
}

/**
 * Makes the context packet of a job out of the request that created it. The same source gives the same packet.
 * @returns the packet, and its hash (0x and 64 hex digits), which is the terms' `specHash` and stands in it as
 * `packet_hash`
 */
export function buildPacket({ jobId, request, deadlineAt }: PacketSource): {
  packet: ContextPacket;
  packetHash: string;
} {
  const { category, context = {} } = request;
  const acceptance = request.acceptance ?? defaultAcceptance(category);
  const packet = {
    version: 1 as const,
    job_id: jobId,
    reason: category,
    goal: request.description,
    question: context.question ?? null,
    summary: context.summary ?? null,
    transcript: transcriptOf(context.conversation_history),
    entities: entitiesOf(context),
    attempts: context.attempts ?? [],
    user_confirmed: context.user_confirmed ?? [],
    constraints: context.constraints ?? [],
    attachments: context.attachments ?? [],
    acceptance,
    response_schema: acceptance.response_schema ?? null,
    response_options: context.response_options ?? [],
    state: request.state ?? null,
    deadline_at: deadlineAt.toISOString(),
    redactions: [],
  };
  const packetHash = packetHashOf(packet);
  return { packet: { ...packet, packet_hash: packetHash }, packetHash };
}

/** A conversation that came as one text stays one turn: who said what in it is for the reader to see. */
function transcriptOf(history: Context["conversation_history"]): ContextPacket["transcript"] {
  if (history === undefined || history === "") return [];
  return typeof history === "string" ? [{ role: "conversation", content: history }] : history;
}

/** Whatever the context holds that has no place of its own in the packet: customer, order, account … */
function entitiesOf(context: Context): Entities {
  return Object.fromEntries(
    Object.entries(context).filter(([name, value]) => !CONTEXT_MEMBERS.includes(name) && value !== undefined),
  ) as Entities;
}
