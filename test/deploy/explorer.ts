import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What an explorer was asked to verify. */
export interface Submission {
  explorer: "etherscan" | "sourcify";
  chainId: string;
  address: string;
  contract: string;
  compiler: string;
  /** ABI-encoded; Sourcify does not ask for them. */
  constructorArguments?: string;
  input: { sources: Record<string, { content: string }>; settings: Record<string, unknown> };
}

export interface Explorer {
  url: string;
  submissions: Submission[];
  /** What the next verifications end with. */
  verdict: "Pass - Verified" | "Fail - Unable to verify";
  close(): void;
}

/**
 * An explorer that speaks the two protocols of verification: Etherscan's v2 (https://docs.etherscan.io/etherscan-v2) under
 * /etherscan and Sourcify's v2 (https://docs.sourcify.dev/docs/api) at its root. What it verified it calls verified.
 */
export async function openExplorer(apiKey: string): Promise<Explorer> {
  const explorer: Explorer = { url: "", submissions: [], verdict: "Pass - Verified", close: () => server.close() };
  const answer = async (request: IncomingMessage): Promise<[status: number, body: unknown]> => {
    const url = new URL(request.url ?? "/", "http://explorer");
    const body = await text(request);
    return url.pathname === "/etherscan"
      ? [200, etherscan(explorer, apiKey, url.searchParams, new URLSearchParams(body))]
      : sourcify(explorer, url.pathname.split("/"), body);
  };
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error: unknown) => response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  explorer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return explorer;
}

function isVerified(explorer: Explorer, by: Submission["explorer"], address: string | null): boolean {
  const known = explorer.submissions.some((one) => one.explorer === by && one.address === address);
  return known && explorer.verdict === "Pass - Verified";
}

function etherscan(explorer: Explorer, apiKey: string, query: URLSearchParams, form: URLSearchParams): unknown {
  if (query.get("apikey") !== apiKey) return { status: "0", message: "NOTOK", result: "Invalid API Key" };
  switch (query.get("action")) {
    case "getsourcecode": {
      const verified = isVerified(explorer, "etherscan", query.get("address"));
      return { status: "1", message: "OK", result: [{ SourceCode: verified ? "contract …" : "" }] };
    }
    case "verifysourcecode":
      explorer.submissions.push({
        explorer: "etherscan",
        chainId: query.get("chainid")!,
        address: form.get("contractaddress")!,
        contract: form.get("contractname")!,
        compiler: form.get("compilerversion")!,
        constructorArguments: form.get("constructorArguments")!,
        input: JSON.parse(form.get("sourceCode")!) as Submission["input"],
      });
      return { status: "1", message: "OK", result: "guid" };
    case "checkverifystatus": {
      const passed = explorer.verdict === "Pass - Verified";
      return { status: passed ? "1" : "0", message: passed ? "OK" : "NOTOK", result: explorer.verdict };
    }
    default:
      return { status: "0", message: "NOTOK", result: "Unknown action" };
  }
}

/** GET /v2/contract/{chain}/{address}, POST /v2/verify/{chain}/{address}, GET /v2/verify/{id} */
function sourcify(explorer: Explorer, path: string[], body: string): [status: number, body: unknown] {
  const [, , resource, chainId = "", address = ""] = path;
  if (resource === "contract") {
    const match = isVerified(explorer, "sourcify", address) ? "match" : null;
    return [match === null ? 404 : 200, { match, creationMatch: match, runtimeMatch: match, chainId, address }];
  }
  if (body !== "") {
    const { stdJsonInput, contractIdentifier, compilerVersion } = JSON.parse(body) as Record<string, unknown>;
    explorer.submissions.push({
      explorer: "sourcify",
      chainId,
      address,
      contract: String(contractIdentifier),
      compiler: String(compilerVersion),
      input: stdJsonInput as Submission["input"],
    });
    return [202, { verificationId: "guid" }];
  }
  const contract = { match: "match", creationMatch: "match", runtimeMatch: "match", chainId: "80002", address: "" };
  const [jobStartTime, jobFinishTime, compilationTime] = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "1000"];
  const job = { isJobCompleted: true, verificationId: "guid", jobStartTime, jobFinishTime, compilationTime };
  return [200, { ...job, contract }];
}
