import { offerIdSchema } from "../schemas/ids.ts";
import {
  handoffSchema,
  offerAcceptSchema,
  offerDeclineSchema,
  offerListQuerySchema,
  offerListSchema,
  offerSchema,
} from "../schemas/offer.ts";
import { z } from "zod";
import type { Route } from "./route.ts";

const offer = z.object({ id: offerIdSchema });

export const offersRoutes = {
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
} as const satisfies Record<string, Route>;
