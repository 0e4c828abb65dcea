// Sends a span of every call to an OpenTelemetry collector: docs/how-to/operate.md.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "annals" }),
  // To OTEL_EXPORTER_OTLP_ENDPOINT, http://localhost:4318 by default.
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();

// When the server has stopped, what is left is sent, and then the process ends.
process.once("beforeExit", () => provider.shutdown().catch(console.error));
