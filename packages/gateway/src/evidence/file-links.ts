import { createHmac, timingSafeEqual } from "node:crypto";
import { ApiError } from "@hireforhumans/protocol";
import type { Secret } from "../config.ts";
import type { Context } from "../context.ts";
import type { Response } from "express";
import { streamFile } from "./downloads.ts";

/** Long enough for an oracle that has a queue. */
const lifetimeSeconds = 15 * 60;

const macOf = (secret: Secret, text: string): string =>
  createHmac("sha256", secret.reveal()).update(`file-link:${text}`).digest("base64url");

/**
 * A link by which a node of the oracle reads one file for some minutes, without a key.
 * @param token of the node
 */
export function fileLinkOf(publicUrl: string, token: Secret, sha256: string): string {
  const claim = `${sha256}.${Math.floor(Date.now() / 1000) + lifetimeSeconds}`;
  return `${publicUrl}/v1/file-links/${claim}.${macOf(token, claim)}`;
}

/** @throws ApiError not_found for a link that was not made here, or is past its time */
export async function sendLinkedFile(ctx: Context, token: string, response: Response): Promise<void> {
  const [sha256 = "", expires = "", mac = ""] = token.split(".");
  const nodes = ctx.config.oracleNodes ?? [];
  const ours = nodes.some((node) => sameText(mac, macOf(node.token, `${sha256}.${expires}`)));
  if (!ours || Number(expires) * 1000 < Date.now()) {
    throw new ApiError("not_found", "There is no file by this link.", { param: "token" });
  }
  await streamFile(ctx, sha256, response);
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
