import { clientCreateSchema } from "../schemas/client.ts";
import { keyIdSchema } from "../schemas/ids.ts";
import { keyCreatedSchema, keyCreateSchema, keyListSchema, keyRotateSchema } from "../schemas/key.ts";
import { pageQuerySchema } from "../schemas/list.ts";
import { z } from "zod";
import { amountCodes, type Route } from "./route.ts";

export const keysRoutes = {
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
  rotateKey: {
    method: "POST",
    path: "/v1/keys/:id/rotate",
    tag: "keys",
    summary: "Give this key, or one that it made, a new secret",
    who: { key: "keys:write" },
    params: z.object({ id: keyIdSchema }),
    request: keyRotateSchema,
    status: 200,
    response: keyCreatedSchema,
    codes: ["not_found"],
  },
  revokeKey: {
    method: "DELETE",
    path: "/v1/keys/:id",
    tag: "keys",
    summary: "Revoke a key at once, with those it made: one of your client's, or any as the operator",
    who: { key: "keys:write", operator: true },
    params: z.object({ id: keyIdSchema }),
    status: 204,
    codes: ["not_found"],
  },
  createClient: {
    method: "POST",
    path: "/v1/clients",
    tag: "keys",
    summary: "Let a client in: make its first key, or one more",
    who: { operator: true },
    request: clientCreateSchema,
    status: 201,
    response: keyCreatedSchema,
    codes: [...amountCodes],
  },
} as const satisfies Record<string, Route>;
