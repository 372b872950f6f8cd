import { ERRORS, type ErrorKind } from "@hireforhumans/protocol";
import { format } from "prettier";

/** docs/errors.md: the error table for people. */
export async function errorsPage(): Promise<string> {
  const byStatus = new Map<number, [string, ErrorKind][]>();
  for (const [code, kind] of Object.entries<ErrorKind>(ERRORS)) {
    byStatus.set(kind.status, [...(byStatus.get(kind.status) ?? []), [code, kind]]);
  }
  const sections = [...byStatus].map(([status, kinds]) => {
    const entries = kinds.map(
      ([code, kind]) => `### ${code}\n\n${kind.title}. ${kind.meaning}\n\nWhat to do: ${kind.remedy}\n`,
    );
    return `## ${status}\n\n${entries.join("\n")}`;
  });
  return await format(`${INTRODUCTION}\n${sections.join("\n")}`, { parser: "markdown", printWidth: 120 });
}

const INTRODUCTION = `# Errors

Every error answer is \`application/problem+json\` (RFC 9457):

\`\`\`json
{
  "type": "urn:hireforhumans:error:amount_too_precise",
  "title": "Too many decimals",
  "status": 422,
  "detail": "reward: \\"1.1234567\\" has 7 decimals. USDC has 6; send no more of them.",
  "code": "amount_too_precise",
  "param": "reward",
  "request_id": "01jd3v8q6ze5fr8wq1m4t7x2yk"
}
\`\`\`

\`code\` never changes its meaning; act on it, and show \`detail\` to people. \`param\` names the field at fault. 402 adds
\`shortfall\` (USDC) and \`accepts\` (x402: how to pay by signature). 429 and 503 come with \`Retry-After\` in seconds.

This page is generated from \`packages/protocol/src/error-table.ts\`.
`;
