import { type Attributes, type Span, SpanKind, SpanStatusCode, context, propagation, trace } from "@opentelemetry/api";
import type { IncomingHttpHeaders } from "node:http";

const SERVICE_NAME = "hireforhumans-gateway";

/** Traces were asked for, and the parts that send them are not installed. */
export class TracesMissing extends Error {
  override readonly name = "TracesMissing";

  constructor(cause: unknown) {
    super(
      "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry's SDK is not installed. Install @opentelemetry/sdk-trace-node, " +
        "@opentelemetry/resources and @opentelemetry/exporter-trace-otlp-http beside the gateway, or unset it.",
      { cause },
    );
  }
}

/**
 * Sends traces by OTLP over HTTP where OpenTelemetry's own variables name a receiver; everything else about it (headers,
 * sampler, resource, batches) is read from them by the SDK. Without them nothing is loaded and nothing is recorded.
 * @returns what sends the rest and ends it
 * @throws TracesMissing
 */
export async function startTraces(env: Record<string, string | undefined>): Promise<() => Promise<void>> {
  const receiver = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "";
  if (receiver === "" || env["OTEL_SDK_DISABLED"] === "true") return () => Promise.resolve();
  const { sdk, resources, exporter } = await loadSdk();
  const named = resources.resourceFromAttributes({ "service.name": SERVICE_NAME });
  const provider = new sdk.NodeTracerProvider({
    // What the environment says of the resource goes before our name.
    resource: named.merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  });
  provider.register();
  return () => provider.shutdown();
}

async function loadSdk() {
  try {
    const [sdk, resources, exporter] = await Promise.all([
      import("@opentelemetry/sdk-trace-node"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/exporter-trace-otlp-http"),
    ]);
    return { sdk, resources, exporter };
  } catch (error) {
    throw new TracesMissing(error);
  }
}

const tracer = () => trace.getTracer(SERVICE_NAME);

/** Runs `work` in a span, inside whatever span is around it. What it throws is noted on the span, by its name alone. */
export function traced<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
  kind = SpanKind.INTERNAL,
): Promise<Result> {
  return tracer().startActiveSpan(name, { attributes, kind }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      // Messages may quote what a caller sent.
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : "error" });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The same for a request that came in, which may carry its caller's trace (`traceparent`). */
export function tracedRequest<Result>(
  headers: IncomingHttpHeaders,
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const around = propagation.extract(context.active(), headers);
  return context.with(around, () => traced(name, attributes, work, SpanKind.SERVER));
}
