import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTraces } from "../../src/observability/traces.ts";
import { eventually, startTestGateway, type TestGateway } from "../http/test-gateway.ts";

interface SentSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string } }[];
}
interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}

const spans: SentSpan[] = [];
const services = new Set<string | undefined>();
/** What takes traces at OTLP's own path. */
const receiver = createServer((request, response) => {
  void json(request).then((body) => {
    for (const { resource, scopeSpans } of (body as Sent).resourceSpans) {
      services.add(resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    }
    response.writeHead(request.url === "/v1/traces" ? 200 : 404, { "content-type": "application/json" }).end("{}");
  });
});

let gateway: TestGateway;
let stopTraces: () => Promise<void>;
beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  // The exporter reads the environment by itself, as OpenTelemetry says.
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  process.env["OTEL_BSP_SCHEDULE_DELAY"] = "100";
  stopTraces = await startTraces(process.env);
  gateway = await startTestGateway({ engine: "embedded" });
}, 180_000);
afterAll(async () => {
  await gateway.stop();
  await stopTraces();
  receiver.close();
});

it(
  "sends a request's trace, inside its caller's and with what was asked of the chain",
  { timeout: 60_000 },
  async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const { status, body } = await gateway.call("POST", "/v1/jobs", {
      token: gateway.client.apiKey,
      body: { category: "test", description: "Call the customer back, please.", reward: "1.00", deadline_minutes: 30 },
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, "x-request-id": "asked-in-a-trace" },
    });
    expect(status).toBe(201);
    const span = await eventually(() =>
      Promise.resolve(spans.find((each) => each.traceId === traceId && each.name === "POST /v1/jobs")),
    );
    expect(span.parentSpanId).toBe("b7ad6b7169203331");
    const attributes = Object.fromEntries(span.attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(attributes).toMatchObject({
      "http.route": "/v1/jobs",
      request_id: "asked-in-a-trace",
      job_id: body?.["job_id"],
    });
    expect(spans.some((each) => each.name.startsWith("eth_"))).toBe(true);
    expect([...services]).toEqual(["hireforhumans-gateway"]);
    // Neither bodies nor keys are told.
    expect(JSON.stringify(spans)).not.toMatch(/Call the customer|hfh_|Bearer/);
  },
);

it("records nothing where no receiver is named", async () => {
  await (
    await startTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_TRACES_SAMPLER: "always_on" })
  )();
  await (
    await startTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SDK_DISABLED: "true" })
  )();
});
