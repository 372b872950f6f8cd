import { screeningIdSchema } from "../schemas/ids.ts";
import {
  screeningAppealSchema,
  screeningDecisionSchema,
  screeningListQuerySchema,
  screeningListSchema,
  screeningSchema,
} from "../schemas/screening.ts";
import { z } from "zod";
import type { Route } from "./route.ts";

const screening = z.object({ id: screeningIdSchema });

export const screeningRoutes = {
  listScreenings: {
    method: "GET",
    path: "/v1/screenings",
    tag: "screening",
    summary: "List refused jobs: yours, or all as the operator",
    who: { key: "jobs:read", operator: true },
    query: screeningListQuerySchema,
    status: 200,
    response: screeningListSchema,
    codes: ["cursor_invalid"],
  },
  appealScreening: {
    method: "POST",
    path: "/v1/screenings/:id/appeal",
    tag: "screening",
    summary: "Ask the operator to allow a refused job",
    who: { key: "jobs:write" },
    params: screening,
    request: screeningAppealSchema,
    repeatable: "by nature",
    status: 200,
    response: screeningSchema,
    codes: ["not_found", "wrong_status"],
  },
  decideScreening: {
    method: "POST",
    path: "/v1/screenings/:id/decision",
    tag: "screening",
    summary: "Allow a refused job, or uphold the refusal",
    who: { operator: true },
    params: screening,
    request: screeningDecisionSchema,
    repeatable: "by nature",
    status: 200,
    response: screeningSchema,
    codes: ["not_found"],
  },
} as const satisfies Record<string, Route>;
