import { ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { openDoors } from "./compose-auth.js";
import type { Config, StoreConfig } from "./config/config.js";
import { limits } from "./domain/limits.js";
import { systemClock } from "./domain/instant.js";
import type { RecordAudit } from "./interceptors/audit.js";
import { createChain } from "./interceptors/chain.js";
import type { Interceptor } from "./interceptors/interceptor.js";
import { Followers } from "./reader/followers.js";
import { PageCache } from "./reader/page-cache.js";
import { Tail } from "./reader/tail.js";
import type { ServiceContext } from "./service/context.js";
import { Suspicion } from "./interceptors/suspicion.js";
import { createMemoryStore } from "./store/memory/open.js";
import { openPostgresStore } from "./store/postgres/open.js";
import { openSqliteStore } from "./store/sqlite/open.js";
import type { Store } from "./store/store.js";
import { AppendQuota } from "./tenants/append-quota.js";
import { tenantDefaults } from "./tenants/tenant-defaults.js";
import { TenantDirectory } from "./tenants/tenant-directory.js";
import { openAuditLog } from "./telemetry/audit-log.js";
import { CallTracer } from "./telemetry/call-tracer.js";
import { type LineWriter, type LineWriterEvents, standardOutput } from "./telemetry/line-writer.js";
import { Metrics } from "./telemetry/metrics.js";
import { openMetricsPort } from "./telemetry/metrics-port.js";
import { watchStore } from "./telemetry/store-health.js";
import { eventStoreRpcs } from "./transport/event-store/rpcs.js";
import { TlsCredentials } from "./transport/grpc/tls-credentials.js";
import { listenGrpc } from "./transport/grpc/server.js";
import { type HttpServer, listenHttp } from "./transport/http/server.js";
import { projectionsRpcs } from "./transport/projections/rpcs.js";
import { serverInfoRpcs } from "./transport/server-info/rpcs.js";
import { snapshotsRpcs } from "./transport/snapshots/rpcs.js";
import type { Tls } from "./transport/tls.js";
import { tenantsRpcs } from "./transport/tenants/rpcs.js";
import type { Rpc } from "./transport/rpc.js";
import { serverVersion } from "./version.js";
import { createWriter } from "./writer/writer.js";

/** A running server. */
export interface AnnalsServer extends AsyncDisposable {
  /** "host:port" where gRPC is served. */
  readonly grpcAddress: string;
  /** "host:port" where Connect and gRPC-Web are served; undefined: nowhere. */
  readonly httpAddress: string | undefined;
  /** "host:port" where Prometheus finds /metrics; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  /**
   * Stops in order: health says NOT_SERVING, no new calls, streams ended, queued appends written,
   * store closed. Idempotent.
   *
   * @returns false when calls were cut off because the time was up
   */
  stop(): Promise<boolean>;
}

/**
 * Builds the server out of its parts and opens its ports.
 *
 * @param stdout takes audit records for standard output: the logger's writer, where it writes there too
 */
export async function startServer(
  config: Config,
  logger: Logger,
  stdout: LineWriter = standardOutput(),
): Promise<AnnalsServer> {
  const opened: (() => unknown)[] = [];
  try {
    return await compose(config, logger, stdout, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

/** @param opened takes what closes each part, for when a later one fails */
async function compose(
  config: Config,
  logger: Logger,
  stdout: LineWriter,
  opened: (() => unknown)[],
): Promise<AnnalsServer> {
  const metrics =
    config.metricsAddress === "off"
      ? undefined
      : new Metrics({ version: serverVersion, store: config.store.kind });
  const auditEvents: LineWriterEvents = {
    onStuck: (error) => {
      metrics?.auditLogTakes(false);
      logger.error({ err: error }, "audit records cannot be written, and wait");
    },
    onFreed: (lost) => {
      metrics?.auditLogTakes(true);
      logger.warn({ lost }, "audit records are written again");
    },
  };
  const auditLog = openAuditLog(config.auditLog, auditEvents, stdout);
  opened.push(() => {
    auditLog.close();
  });
  const doors = await openDoors(config, logger);
  opened.push(() => {
    doors.close();
  });
  const store = await openStore(config.store, logger);
  opened.push(() => store.close());
  const tenants = await TenantDirectory.open(store.records, {
    defaults: tenantDefaults(config),
    clock: systemClock,
    onStoreError: (error) => {
      logger.warn({ err: error }, "tenants' settings could not be read");
    },
  });
  opened.push(() => tenants[Symbol.asyncDispose]());
  const writer = createWriter(store, systemClock, {
    maxQueuedAppends: config.maxQueuedAppends,
    maxQueuedBytes: config.maxQueuedBytes,
    maxBatchEvents: config.maxBatchEvents,
    maxBatchBytes: config.maxBatchBytes,
    maxBatchesInFlight: 2,
    retryAfterMs: 100,
    onCommitted: metrics?.batchCommitted,
    onStoreError: (error) => {
      metrics?.batchFailed();
      logger.error({ err: error }, "a batch of appends failed");
    },
  });
  const suspicion = new Suspicion({
    threshold: config.auditDeniedThreshold,
    windowMs: config.auditWindowMs,
    blockMs: config.auditBlockMs,
  });
  const quota = new AppendQuota(store, (tenantId) => tenants.limitsOf(tenantId), systemClock);
  const audit: RecordAudit = (event, fields) => {
    metrics?.audited(event);
    auditLog.record(event, fields);
  };
  const chain = createChain({
    authenticate: doors.authenticate,
    audit,
    suspicion,
    tenants,
    appendRates: quota,
    logger,
    recheckIntervalMs: config.recheckIntervalMs,
    callTimeoutMs: config.callTimeoutMs,
    observers: [metrics, CallTracer.ofProcess()].filter((observer) => observer !== undefined),
  });
  const pages = { maxEvents: limits.pageEvents, maxBytes: limits.pageBytes };
  const tail = new Tail(store, {
    maxBytes: config.tailBytes,
    pages,
    onStoreError: (error) => {
      logger.warn({ err: error }, "the log's end could not be read");
    },
  });
  const context: ServiceContext = {
    store,
    writer,
    tenants,
    quota,
    clock: systemClock,
    foreignStreams: config.foreignStreams,
    storeTraceparent: config.storeTraceparent,
    pages,
    pageCache: new PageCache(store, {
      maxBytes: config.pageCacheBytes,
      pageEvents: pages.maxEvents,
      onPage: metrics?.pageAsked,
    }),
    followers: new Followers(tail, config.maxFollowersPerTenant),
    checkpoints: {
      everyPlaces: BigInt(config.checkpointPositions),
      everyMs: config.checkpointIntervalMs,
    },
    observer: metrics,
  };
  metrics?.watch({ ...context, tail });
  const rpcs = [
    ...eventStoreRpcs(context, config),
    ...snapshotsRpcs(context),
    ...projectionsRpcs(context),
    ...tenantsRpcs(context),
    ...serverInfoRpcs({ version: serverVersion, store: config.store.kind }),
  ];
  const grpc = await listenGrpc(rpcs, chain, {
    address: config.grpcAddress,
    maxMessageBytes: limits.messageBytes,
    maxConcurrentStreams: config.maxConcurrentStreams,
    reflection: config.reflection,
    stallTimeoutMs: config.readerStallTimeoutMs,
    keepaliveMs: config.keepaliveMs,
    credentials: doors.tls ? new TlsCredentials(doors.tls) : ServerCredentials.createInsecure(),
  });
  opened.push(() => grpc.stop(0));
  const http = await openHttp(rpcs, chain, config, doors.tls);
  opened.push(() => http?.stop(0));
  const metricsPort = metrics && (await openMetricsPort(metrics, config.metricsAddress));
  audit("started", { auth: config.auth.mode, tls: config.tls !== undefined });
  const setServing = (serving: boolean): void => {
    grpc.setServing(serving);
    http?.setServing(serving);
  };
  setServing(true);
  const health = watchStore(store, {
    onChecked: metrics?.storeChecked,
    onChange: (serving, error) => {
      setServing(serving);
      metrics?.storeAnswers(serving);
      if (serving) logger.info("the store answers again");
      else logger.error({ err: error }, "the store does not answer");
    },
  });

  let stopping: Promise<boolean> | undefined;
  const stop = async (): Promise<boolean> => {
    health.stop();
    doors.close();
    setServing(false);
    const ports = http ? [grpc, http] : [grpc];
    const drained = await Promise.all(ports.map((port) => port.stop(config.shutdownTimeoutMs)));
    await writer.drain();
    await tenants[Symbol.asyncDispose]();
    await store.close();
    auditLog.close();
    await metricsPort?.close();
    return drained.every(Boolean);
  };
  return {
    grpcAddress: grpc.address,
    httpAddress: http?.address,
    metricsAddress: metricsPort?.address,
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: async () => {
      await (stopping ??= stop());
    },
  };
}

async function openHttp(
  rpcs: readonly Rpc[],
  chain: readonly Interceptor[],
  config: Config,
  tls: Tls | undefined,
): Promise<HttpServer | undefined> {
  if (config.httpAddress === "off") return undefined;
  return listenHttp(rpcs, chain, {
    address: config.httpAddress,
    corsOrigins: config.httpCorsOrigins,
    maxConcurrentStreams: config.maxConcurrentStreams,
    stallTimeoutMs: config.readerStallTimeoutMs,
    keepaliveMs: config.keepaliveMs,
    tls,
  });
}

function openStore(config: StoreConfig, logger: Logger): Promise<Store> {
  switch (config.kind) {
    case "memory":
      return Promise.resolve(createMemoryStore());
    case "sqlite":
      return openSqliteStore({ file: config.file, logger });
    case "postgres":
      return openPostgresStore({ ...config, logger });
    default:
      return config satisfies never;
  }
}
