import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type RouteName, routes } from "@hireforhumans/protocol";
import { format } from "prettier";
import { authorization } from "../../packages/gateway/test/security/authorization.ts";

const BEGIN = "<!-- authorization:begin -->";
const END = "<!-- authorization:end -->";

/** docs/security.md with the table of who may call what, which authorization.test.ts holds the gateway to. */
export async function securityPage(root: string): Promise<string> {
  const page = await readFile(join(root, "docs", "security.md"), "utf8");
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`docs/security.md lacks ${BEGIN} before ${END}`);
  const rows = (Object.keys(routes) as RouteName[]).map((name) => {
    const { key, worker, operator, nobody, others } = authorization[name];
    const mark = (yes: string) => (yes === "yes" ? "yes" : "");
    const scope = key === "no" ? "" : `\`${key}\``;
    const call = `\`${routes[name].method} ${routes[name].path}\``;
    return `| ${[call, mark(nobody), scope, mark(worker), mark(operator), others].join(" | ")} |`;
  });
  const table = [
    "| route | nobody | key with | worker | operator | others' things |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  const filled = `${page.slice(0, before)}${BEGIN}\n\n${[...table, ...rows].join("\n")}\n\n${page.slice(after)}`;
  return await format(filled, { parser: "markdown", printWidth: 120 });
}
