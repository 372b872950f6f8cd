import { createHash } from "node:crypto";
import type { Response } from "express";

const script = `
for (const button of document.querySelectorAll("button")) button.addEventListener("click", async () => {
  const said = document.querySelector("[role=status]");
  const response = await fetch(location.href, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ answer: button.value }),
  });
  const body = await response.json();
  said.textContent = response.ok ? "Thank you. Your answer: " + body.answer + "." : body.detail;
  if (response.ok) document.querySelector("fieldset").disabled = true;
});`;

const style = `
body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; }
blockquote { margin: 1.5rem 0; padding: 0 1rem; border-left: 0.25rem solid; }
fieldset { border: 0; padding: 0; display: flex; gap: 1rem; }
button { font: inherit; padding: 0.5rem 1.25rem; }`;

const sourceOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${sourceOf(script)}`,
  `style-src ${sourceOf(style)}`,
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** The page behind the customer's link: a statement, and two buttons. The statement is a stranger's text. */
export function sendConfirmationPage(response: Response, statement: string, answer: string | null): void {
  const said = answer === null ? "" : `Your answer: ${answer}.`;
  response.set({ "content-security-policy": policy, "referrer-policy": "no-referrer", "cache-control": "no-store" });
  response.type("html").send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Please confirm</title>
<style>${style}</style>
<h1>Please confirm</h1>
<p>The person who worked on your case says:</p>
<blockquote>${escape(statement)}</blockquote>
<p>Is this so?</p>
<fieldset${answer === null ? "" : " disabled"}>
<button value="confirmed">Yes, it is</button>
<button value="denied">No, it is not</button>
</fieldset>
<p role="status">${escape(said)}</p>
<script>${script}</script>
</html>
`);
}
