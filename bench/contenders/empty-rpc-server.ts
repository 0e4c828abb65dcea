import { ServerCredentials } from "@grpc/grpc-js";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { authenticateDev } from "#server/interceptors/authenticate-dev.js";
import { createChain } from "#server/interceptors/chain.js";
import { Suspicion } from "#server/interceptors/suspicion.js";
import { createLogger } from "#server/telemetry/logger.js";
import { appendByHand } from "#server/transport/codec/append-by-hand.js";
import { listenGrpc } from "#server/transport/grpc/server.js";
import { unary } from "#server/transport/rpc.js";

// Annals' own server with an Append that does nothing: its transport, its decoding, its interceptors.

const logger = createLogger({ level: "info", pretty: false });
const chain = createChain({
  authenticate: authenticateDev,
  audit: () => undefined,
  tenants: {
    suspensionOf: () => undefined,
    watchSuspension: () => () => undefined,
    limitsOf: () => ({}),
  },
  appendRates: { assertNotOverdrawn: () => undefined },
  suspicion: new Suspicion({ threshold: 20, windowMs: 60_000, blockMs: 0 }),
  logger,
  recheckIntervalMs: 5_000,
  callTimeoutMs: 30_000,
});
const rpc = unary(
  EventStore.method.append,
  ["events:append"],
  () => Promise.resolve({}),
  appendByHand,
);
const server = await listenGrpc([rpc], chain, {
  address: "127.0.0.1:0",
  credentials: ServerCredentials.createInsecure(),
  maxMessageBytes: 5_242_880,
  maxConcurrentStreams: 1_000,
  reflection: false,
  stallTimeoutMs: 60_000,
  keepaliveMs: 60_000,
});
logger.info({ grpcAddress: server.address }, "listening");
process.on("SIGTERM", () => void server.stop(1_000));
