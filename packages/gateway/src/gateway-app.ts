import type { Express } from "express";
import { arbitrationRoutes } from "./arbitration/routes.ts";
import { auditRoutes } from "./audit/routes.ts";
import type { Context } from "./context.ts";
import { evidenceRoutes } from "./evidence/routes.ts";
import { handoffRoutes } from "./handoff/routes.ts";
import { createApp } from "./http/app.ts";
import { docsRoute } from "./http/docs-page.ts";
import type { Drain } from "./http/drain.ts";
import { operationRoutes, type Probe } from "./http/operation-routes.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { createKeyAuthenticator, authenticateOperator } from "./keys/authenticate.ts";
import { keyRoutes } from "./keys/routes.ts";
import { matchingRoutes } from "./matching/routes.ts";
import { reviewRoutes } from "./review/routes.ts";
import { screeningRoutes } from "./screening/routes.ts";
import { profileRoutes } from "./workers/profile-routes.ts";
import { workerRoutes } from "./workers/routes.ts";
import { createSessionAuthenticator } from "./workers/sessions.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

/** Every route of the gateway, behind one app. */
export function createGatewayApp(ctx: Context, probes: Readonly<Record<string, Probe>>, drain: Drain): Express {
  const served = [
    ...jobRoutes(ctx),
    ...matchingRoutes(ctx),
    ...handoffRoutes(ctx),
    ...evidenceRoutes(ctx),
    ...arbitrationRoutes(ctx),
    ...workerRoutes(ctx),
    ...profileRoutes(ctx),
    ...webhookRoutes(ctx),
    ...keyRoutes(ctx),
    ...screeningRoutes(ctx),
    ...reviewRoutes(ctx),
    ...auditRoutes(ctx),
    docsRoute(),
  ];
  const authenticators = {
    key: createKeyAuthenticator(ctx.db),
    session: createSessionAuthenticator(ctx.db),
    operator: (token: string) => authenticateOperator(ctx.config.operatorToken, token),
  };
  return createApp(ctx, [...served, ...operationRoutes(ctx, served, probes)], authenticators, drain);
}
