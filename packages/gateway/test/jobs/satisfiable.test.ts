import { createPublicNetwork } from "@hireforhumans/oracle";
import { jobCreateSchema } from "@hireforhumans/protocol";
import { afterAll, describe, expect, it } from "vitest";
import type { Config } from "../../src/config.ts";
import { requireSatisfiable } from "../../src/jobs/satisfiable.ts";
import { fieldBody } from "../http/test-gateway.ts";

const network = createPublicNetwork({ allowLoopback: false });
afterAll(() => network.close());

const transfer = "event Transfer(address indexed from, address indexed to, uint256 value)";
const address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const schema = (response_schema: object) => ({ response_schema });
const check = (name: string, params: object) => ({ checks: [{ check: name, params }] });

function ask(acceptance: object): Promise<void> {
  const body = jobCreateSchema.parse({ ...fieldBody, acceptance });
  return requireSatisfiable({ network, config: { chainId: 137 } as Config }, body);
}

describe("a rubric that nothing can meet is refused, with the member and the reason:", () => {
  it.each([
    ["a schema that is none", schema({ type: "nonsense" }), "acceptance.response_schema"],
    ["a schema with a broken pattern", schema({ type: "string", pattern: "(" }), "acceptance.response_schema"],
    ["a schema that nothing fits", schema({ not: {} }), "acceptance.response_schema"],
    [
      "a type that is not taken",
      check("document_type", { media_types: ["application/x-msdownload"] }),
      "acceptance.checks.0.params",
    ],
    [
      "types that exclude each other",
      {
        checks: [
          ...check("document_type", { media_types: ["image/png"] }).checks,
          ...check("document_type", { media_types: ["application/pdf"] }).checks,
        ],
      },
      "acceptance.checks",
    ],
    [
      "a private address",
      check("http_confirmation", { url: "https://10.0.0.7/confirm" }),
      "acceptance.checks.0.params",
    ],
    [
      "a query that is none",
      check("http_confirmation", { url: "https://crm.example/", expect: [{ path: "status" }] }),
      "acceptance.checks.0.params",
    ],
    ["another chain", check("transaction", { chain_id: 1 }), "acceptance.checks.0.params"],
    [
      "an event that can't be",
      check("transaction", { event: { emitter: address, fragment: transfer, args: { amount: "1" } } }),
      "acceptance.checks.0.params",
    ],
  ])("%s", async (_, acceptance, param) => {
    await expect(ask(acceptance)).rejects.toMatchObject({ code: "invalid_request", param });
  });

  it("and one that can be met is not", async () => {
    await ask({
      ...schema({ type: "object", required: ["refund_id"] }),
      required_evidence: ["json", "file", "transaction"],
      checks: [
        { check: "document_type", params: { media_types: ["application/pdf", "application/x-msdownload"] } },
        {
          check: "transaction",
          params: { chain_id: 137, event: { emitter: address, fragment: transfer, args: { value: "1" } } },
        },
        {
          check: "http_confirmation",
          params: { url: "https://crm.example/", expect: [{ path: "$.status", equals: "paid" }] },
        },
      ],
    });
  });
});
