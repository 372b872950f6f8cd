import { z } from "zod";
import type { ErrorCode } from "./error-table.ts";
import { availabilityQuerySchema, availabilitySchema } from "./schemas/availability.ts";
import { nonceCreateSchema, nonceSchema, sessionSchema, signInSchema } from "./schemas/auth.ts";
import {
  confirmationAnswerSchema,
  confirmationCreateSchema,
  confirmationLinkSchema,
  confirmationPageSchema,
} from "./schemas/confirmation.ts";
import { eventListSchema } from "./schemas/event.ts";
import { evidenceSchema, evidenceSubmitSchema } from "./schemas/evidence.ts";
import { fileSchema, fileUploadSchema } from "./schemas/file.ts";
import { livenessSchema, readinessSchema } from "./schemas/health.ts";
import {
  deliveryIdSchema,
  endpointIdSchema,
  jobIdSchema,
  keyIdSchema,
  offerIdSchema,
  profileIdSchema,
  workerIdSchema,
} from "./schemas/ids.ts";
import { jobCreateSchema } from "./schemas/job-create.ts";
import { clientWordSchema, jobListQuerySchema, jobListSchema, jobSchema } from "./schemas/job.ts";
import { keyCreatedSchema, keyCreateSchema, keyListSchema, type Scope } from "./schemas/key.ts";
import { listOf, pageQuerySchema } from "./schemas/list.ts";
import { messageCreateSchema, messageListSchema, messageSchema } from "./schemas/message.ts";
import {
  handoffSchema,
  offerAcceptSchema,
  offerDeclineSchema,
  offerListQuerySchema,
  offerListSchema,
  offerSchema,
} from "./schemas/offer.ts";
import { packetSchema } from "./schemas/packet.ts";
import { ratingCreateSchema, ratingSchema } from "./schemas/rating.ts";
import { jsonSchema, sha256Schema } from "./schemas/scalars.ts";
import { verdictSchema } from "./schemas/verdict.ts";
import {
  deliveryListQuerySchema,
  deliveryListSchema,
  deliverySchema,
  endpointCreatedSchema,
  endpointCreateSchema,
  endpointListSchema,
} from "./schemas/webhook.ts";
import {
  presenceUpdateSchema,
  profileCreateSchema,
  profileListSchema,
  profileSchema,
  profileUpdateSchema,
  publicWorkerSchema,
  workerSchema,
  workerUpdateSchema,
} from "./schemas/worker.ts";

/** Who may call. Several members: any of them. Nobody named: everybody. */
export interface Who {
  /** An API key with this scope. */
  key?: Scope;
  /** A signed-in worker. */
  worker?: true;
  /** Whoever holds the token in the path. */
  customer?: true;
}

export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters as `:name`. */
  path: string;
  tag: string;
  summary: string;
  who: Who;
  params?: z.ZodObject;
  query?: z.ZodType;
  /** JSON unless `requestType` says otherwise. */
  request?: z.ZodType;
  requestType?: "multipart/form-data";
  /** Whether sending the same request twice does no harm: by the operation's nature, or by its Idempotency-Key. */
  repeatable?: "by nature" | "by key";
  /** The status of success. */
  status: 200 | 201 | 204;
  /** JSON unless `responseType` says otherwise. */
  response?: z.ZodType;
  responseType?: "text/event-stream" | "application/octet-stream" | "text/plain" | "text/html";
  /** The codes it can answer beside those that `codesOf` adds. */
  codes: readonly ErrorCode[];
}

const job = z.object({ id: jobIdSchema });
const offer = z.object({ id: offerIdSchema });
const evidenceListSchema = listOf(evidenceSchema, "EvidenceList");

/** Every route of the gateway: the client calls them, the gateway serves and documents them. */
export const routes = {
  createJob: {
    method: "POST",
    path: "/v1/jobs",
    tag: "jobs",
    summary: "Post a job and lock its reward in escrow",
    who: { key: "jobs:write" },
    request: jobCreateSchema,
    repeatable: "by key",
    status: 201,
    response: jobSchema,
    codes: [
      "insufficient_funds",
      "insufficient_allowance",
      "authorization_refused",
      "amount_above_cap",
      "amount_too_small",
      "amount_malformed",
      "amount_negative",
      "amount_zero",
      "amount_too_precise",
      "amount_too_large",
      "unknown_language",
      "window_out_of_range",
      "webhook_url_not_allowed",
      "pool_unknown",
      "idempotency_conflict",
      "idempotency_in_progress",
    ],
  },
  listJobs: {
    method: "GET",
    path: "/v1/jobs",
    tag: "jobs",
    summary: "List your jobs",
    who: { key: "jobs:read" },
    query: jobListQuerySchema,
    status: 200,
    response: jobListSchema,
    codes: ["cursor_invalid"],
  },
  getJob: {
    method: "GET",
    path: "/v1/jobs/:id",
    tag: "jobs",
    summary: "Get a job",
    who: { key: "jobs:read", worker: true },
    params: job,
    status: 200,
    response: jobSchema,
    codes: ["not_found"],
  },
  cancelJob: {
    method: "POST",
    path: "/v1/jobs/:id/cancel",
    tag: "jobs",
    summary: "Cancel an open job; all money goes back",
    who: { key: "jobs:write" },
    params: job,
    request: clientWordSchema,
    status: 200,
    response: jobSchema,
    codes: ["not_found", "wrong_status", "insufficient_allowance", "signature_invalid", "signature_expired"],
  },
  releaseJob: {
    method: "POST",
    path: "/v1/jobs/:id/release",
    tag: "jobs",
    summary: "Pay the worker on your own word",
    who: { key: "jobs:write" },
    params: job,
    request: clientWordSchema,
    status: 200,
    response: jobSchema,
    codes: ["not_found", "wrong_status", "insufficient_allowance", "signature_invalid", "signature_expired"],
  },
  rateJob: {
    method: "POST",
    path: "/v1/jobs/:id/rate",
    tag: "jobs",
    summary: "Rate how the case was resolved",
    who: { key: "jobs:write" },
    params: job,
    request: ratingCreateSchema,
    status: 201,
    response: ratingSchema,
    codes: ["not_found", "wrong_status", "already_rated"],
  },
  listMessages: {
    method: "GET",
    path: "/v1/jobs/:id/messages",
    tag: "jobs",
    summary: "List the messages between agent and worker",
    who: { key: "jobs:read", worker: true },
    params: job,
    query: pageQuerySchema,
    status: 200,
    response: messageListSchema,
    codes: ["not_found", "cursor_invalid"],
  },
  createMessage: {
    method: "POST",
    path: "/v1/jobs/:id/messages",
    tag: "jobs",
    summary: "Ask, answer or note something",
    who: { key: "jobs:write", worker: true },
    params: job,
    request: messageCreateSchema,
    status: 201,
    response: messageSchema,
    codes: ["not_found", "wrong_status"],
  },
  streamEvents: {
    method: "GET",
    path: "/v1/jobs/:id/events",
    tag: "jobs",
    summary: "Follow a job's events (SSE; resumes after Last-Event-ID), or list them with Accept: application/json",
    who: { key: "jobs:read" },
    params: job,
    query: pageQuerySchema,
    status: 200,
    response: eventListSchema,
    responseType: "text/event-stream",
    codes: ["not_found"],
  },
  getPacket: {
    method: "GET",
    path: "/v1/jobs/:id/packet",
    tag: "jobs",
    summary: "Get the whole context packet (its client, or the worker who accepted)",
    who: { key: "jobs:read", worker: true },
    params: job,
    status: 200,
    response: packetSchema,
    codes: ["not_found"],
  },
  listEvidence: {
    method: "GET",
    path: "/v1/jobs/:id/evidence",
    tag: "evidence",
    summary: "List the evidence submitted for a job",
    who: { key: "jobs:read", worker: true },
    params: job,
    query: pageQuerySchema,
    status: 200,
    response: evidenceListSchema,
    codes: ["not_found", "cursor_invalid"],
  },
  submitEvidence: {
    method: "POST",
    path: "/v1/jobs/:id/evidence",
    tag: "evidence",
    summary: "Hand in evidence with a signed Submit",
    who: { worker: true },
    params: job,
    request: evidenceSubmitSchema,
    status: 201,
    response: evidenceSchema,
    codes: [
      "not_found",
      "wrong_status",
      "too_late",
      "already_submitted",
      "evidence_hash_mismatch",
      "evidence_not_for_this_job",
      "evidence_file_missing",
      "evidence_required_kind_missing",
      "file_name_not_allowed",
      "signature_invalid",
      "signature_expired",
    ],
  },
  getVerdict: {
    method: "GET",
    path: "/v1/jobs/:id/verdict",
    tag: "evidence",
    summary: "Get the latest verdict with its reasons",
    who: { key: "jobs:read", worker: true },
    params: job,
    status: 200,
    response: verdictSchema,
    codes: ["not_found"],
  },
  createConfirmation: {
    method: "POST",
    path: "/v1/jobs/:id/confirmations",
    tag: "evidence",
    summary: "Make a link by which the customer confirms a statement",
    who: { worker: true },
    params: job,
    request: confirmationCreateSchema,
    status: 201,
    response: confirmationLinkSchema,
    codes: ["not_found", "wrong_status"],
  },
  getConfirmation: {
    method: "GET",
    path: "/v1/confirmations/:token",
    tag: "evidence",
    summary: "See what is to be confirmed (the customer; JSON, or a page for browsers)",
    who: { customer: true },
    params: z.object({ token: z.string().min(20).max(100) }),
    status: 200,
    responseType: "text/html",
    response: confirmationPageSchema,
    codes: ["not_found"],
  },
  answerConfirmation: {
    method: "POST",
    path: "/v1/confirmations/:token",
    tag: "evidence",
    summary: "Confirm or deny (the customer)",
    who: { customer: true },
    params: z.object({ token: z.string().min(20).max(100) }),
    request: confirmationAnswerSchema,
    status: 200,
    response: confirmationPageSchema,
    codes: ["not_found", "already_confirmed", "too_late"],
  },
  uploadFile: {
    method: "POST",
    path: "/v1/files",
    tag: "evidence",
    summary: "Upload a file; it is known by its SHA-256",
    who: { key: "jobs:write", worker: true },
    request: fileUploadSchema,
    requestType: "multipart/form-data",
    repeatable: "by nature",
    status: 201,
    response: fileSchema,
    codes: [
      "malformed_upload",
      "file_too_large",
      "file_type_not_allowed",
      "file_hash_mismatch",
      "file_name_not_allowed",
    ],
  },
  downloadFile: {
    method: "GET",
    path: "/v1/files/:sha256",
    tag: "evidence",
    summary: "Download a file of a job that is yours",
    who: { key: "jobs:read", worker: true },
    params: z.object({ sha256: sha256Schema }),
    status: 200,
    responseType: "application/octet-stream",
    codes: ["not_found"],
  },
  downloadLinkedFile: {
    method: "GET",
    path: "/v1/file-links/:token",
    tag: "evidence",
    summary: "Download a file by a link that an oracle was given",
    who: { customer: true },
    params: z.object({ token: z.string().min(20).max(200) }),
    status: 200,
    responseType: "application/octet-stream",
    codes: ["not_found"],
  },
  getAvailability: {
    method: "GET",
    path: "/v1/availability",
    tag: "jobs",
    summary: "Ask whether somebody could take a job now",
    who: { key: "jobs:read" },
    query: availabilityQuerySchema,
    status: 200,
    response: availabilitySchema,
    codes: ["unknown_language", "pool_unknown"],
  },
  createNonce: {
    method: "POST",
    path: "/v1/auth/nonce",
    tag: "workers",
    summary: "Begin signing in with an Ethereum account",
    who: {},
    request: nonceCreateSchema,
    repeatable: "by nature",
    status: 201,
    response: nonceSchema,
    codes: [],
  },
  signIn: {
    method: "POST",
    path: "/v1/auth/sign-in",
    tag: "workers",
    summary: "Finish signing in with the signed message",
    who: {},
    request: signInSchema,
    status: 200,
    response: sessionSchema,
    codes: ["sign_in_refused"],
  },
  signOut: {
    method: "POST",
    path: "/v1/auth/sign-out",
    tag: "workers",
    summary: "End the session",
    who: { worker: true },
    status: 204,
    codes: [],
  },
  getMe: {
    method: "GET",
    path: "/v1/workers/me",
    tag: "workers",
    summary: "Get yourself",
    who: { worker: true },
    status: 200,
    response: workerSchema,
    codes: [],
  },
  updateMe: {
    method: "PATCH",
    path: "/v1/workers/me",
    tag: "workers",
    summary: "Change yourself",
    who: { worker: true },
    request: workerUpdateSchema,
    status: 200,
    response: workerSchema,
    codes: [],
  },
  getWorker: {
    method: "GET",
    path: "/v1/workers/:id",
    tag: "workers",
    summary: "Get a worker",
    who: { key: "jobs:read", worker: true },
    params: z.object({ id: workerIdSchema }),
    status: 200,
    response: publicWorkerSchema,
    codes: ["not_found"],
  },
  createProfile: {
    method: "POST",
    path: "/v1/workers/me/profiles",
    tag: "workers",
    summary: "Add a profile in another domain",
    who: { worker: true },
    request: profileCreateSchema,
    status: 201,
    response: profileSchema,
    codes: ["profile_exists", "unknown_language"],
  },
  listProfiles: {
    method: "GET",
    path: "/v1/workers/me/profiles",
    tag: "workers",
    summary: "List your profiles",
    who: { worker: true },
    query: pageQuerySchema,
    status: 200,
    response: profileListSchema,
    codes: ["cursor_invalid"],
  },
  updateProfile: {
    method: "PATCH",
    path: "/v1/workers/me/profiles/:id",
    tag: "workers",
    summary: "Change a profile",
    who: { worker: true },
    params: z.object({ id: profileIdSchema }),
    request: profileUpdateSchema,
    status: 200,
    response: profileSchema,
    codes: ["not_found", "unknown_language"],
  },
  deleteProfile: {
    method: "DELETE",
    path: "/v1/workers/me/profiles/:id",
    tag: "workers",
    summary: "Remove a profile; its reputation stays",
    who: { worker: true },
    params: z.object({ id: profileIdSchema }),
    status: 204,
    codes: ["not_found", "wrong_status"],
  },
  setPresence: {
    method: "PUT",
    path: "/v1/workers/me/presence",
    tag: "workers",
    summary: "Say whether you are there",
    who: { worker: true },
    request: presenceUpdateSchema,
    status: 200,
    response: workerSchema,
    codes: [],
  },
  listOffers: {
    method: "GET",
    path: "/v1/offers",
    tag: "offers",
    summary: "List the offers made to you",
    who: { worker: true },
    query: offerListQuerySchema,
    status: 200,
    response: offerListSchema,
    codes: ["cursor_invalid"],
  },
  acceptOffer: {
    method: "POST",
    path: "/v1/offers/:id/accept",
    tag: "offers",
    summary: "Accept an offer with a signed Accept; gives the whole context",
    who: { worker: true },
    params: offer,
    request: offerAcceptSchema,
    status: 200,
    response: handoffSchema,
    codes: [
      "not_found",
      "offer_taken",
      "offer_expired",
      "offer_already_decided",
      "at_capacity",
      "account_not_allowed",
      "reputation_too_low",
      "signature_invalid",
      "signature_expired",
    ],
  },
  declineOffer: {
    method: "POST",
    path: "/v1/offers/:id/decline",
    tag: "offers",
    summary: "Decline an offer with a reason",
    who: { worker: true },
    params: offer,
    request: offerDeclineSchema,
    status: 200,
    response: offerSchema,
    codes: ["not_found", "offer_expired", "offer_already_decided"],
  },
  createEndpoint: {
    method: "POST",
    path: "/v1/webhooks/endpoints",
    tag: "webhooks",
    summary: "Have events sent to a URL",
    who: { key: "webhooks:write" },
    request: endpointCreateSchema,
    status: 201,
    response: endpointCreatedSchema,
    codes: ["webhook_url_not_allowed"],
  },
  listEndpoints: {
    method: "GET",
    path: "/v1/webhooks/endpoints",
    tag: "webhooks",
    summary: "List your endpoints",
    who: { key: "webhooks:read" },
    query: pageQuerySchema,
    status: 200,
    response: endpointListSchema,
    codes: ["cursor_invalid"],
  },
  deleteEndpoint: {
    method: "DELETE",
    path: "/v1/webhooks/endpoints/:id",
    tag: "webhooks",
    summary: "Stop sending events to a URL",
    who: { key: "webhooks:write" },
    params: z.object({ id: endpointIdSchema }),
    status: 204,
    codes: ["not_found"],
  },
  listDeliveries: {
    method: "GET",
    path: "/v1/webhooks/deliveries",
    tag: "webhooks",
    summary: "List deliveries and what became of them",
    who: { key: "webhooks:read" },
    query: deliveryListQuerySchema,
    status: 200,
    response: deliveryListSchema,
    codes: ["cursor_invalid"],
  },
  replayDelivery: {
    method: "POST",
    path: "/v1/webhooks/deliveries/:id/replay",
    tag: "webhooks",
    summary: "Send a delivery again",
    who: { key: "webhooks:write" },
    params: z.object({ id: deliveryIdSchema }),
    status: 200,
    response: deliverySchema,
    codes: ["not_found"],
  },
  createKey: {
    method: "POST",
    path: "/v1/keys",
    tag: "keys",
    summary: "Make another key, with no more rights than this one has",
    who: { key: "keys:write" },
    request: keyCreateSchema,
    status: 201,
    response: keyCreatedSchema,
    codes: [
      "amount_above_cap",
      "amount_malformed",
      "amount_negative",
      "amount_zero",
      "amount_too_precise",
      "amount_too_large",
    ],
  },
  listKeys: {
    method: "GET",
    path: "/v1/keys",
    tag: "keys",
    summary: "List the keys of your client",
    who: { key: "keys:read" },
    query: pageQuerySchema,
    status: 200,
    response: keyListSchema,
    codes: ["cursor_invalid"],
  },
  revokeKey: {
    method: "DELETE",
    path: "/v1/keys/:id",
    tag: "keys",
    summary: "Revoke a key at once",
    who: { key: "keys:write" },
    params: z.object({ id: keyIdSchema }),
    status: 204,
    codes: ["not_found"],
  },
  getLiveness: {
    method: "GET",
    path: "/livez",
    tag: "operation",
    summary: "Whether the process runs",
    who: {},
    status: 200,
    response: livenessSchema,
    codes: [],
  },
  getReadiness: {
    method: "GET",
    path: "/readyz",
    tag: "operation",
    summary: "Whether everything it needs answers (503 with the same body when not)",
    who: {},
    status: 200,
    response: readinessSchema,
    codes: [],
  },
  getMetrics: {
    method: "GET",
    path: "/metrics",
    tag: "operation",
    summary: "Figures for Prometheus",
    who: {},
    status: 200,
    responseType: "text/plain",
    codes: [],
  },
  getOpenApi: {
    method: "GET",
    path: "/openapi.json",
    tag: "operation",
    summary: "This interface as OpenAPI 3.1",
    who: {},
    status: 200,
    response: z.record(z.string(), jsonSchema),
    codes: [],
  },
  getDocs: {
    method: "GET",
    path: "/docs",
    tag: "operation",
    summary: "This interface as pages",
    who: {},
    status: 200,
    responseType: "text/html",
    codes: [],
  },
} as const satisfies Record<string, Route>;

export type Routes = typeof routes;
export type RouteName = keyof Routes;

/** Every code a route can answer: its own, and those that follow from who may call it and what it takes. */
export function codesOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(route.codes);
  if (route.who.key !== undefined || route.who.worker === true) codes.add("unauthenticated");
  if (route.who.key !== undefined) codes.add("scope_missing");
  if ((route.who.key === undefined) !== (route.who.worker === undefined)) codes.add("forbidden");
  if (route.params !== undefined || route.query !== undefined || route.request !== undefined) {
    codes.add("invalid_request");
  }
  if (route.query !== undefined || route.request !== undefined) codes.add("unknown_field");
  if (route.request !== undefined) codes.add("unsupported_media_type");
  if (route.request !== undefined && route.requestType === undefined) {
    codes.add("malformed_json").add("json_too_deep").add("payload_too_large");
  }
  if (route.path.startsWith("/v1/")) codes.add("rate_limited").add("internal").add("unavailable");
  return [...codes];
}
