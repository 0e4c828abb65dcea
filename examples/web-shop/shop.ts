import { readFile } from "node:fs/promises";
import {
  AggregateRepository,
  connect,
  type ProjectionReport,
  ProjectionRunner,
  requireTenant,
  TenantScopedRepository,
} from "@annals/client";
import { tenantHook } from "@annals/client/fastify";
import { openPostgresProjectionStore } from "@annals/client/postgres";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import pg from "pg";
import { callersToken, tokenVerifier, withToken } from "./caller.js";
import { answerFailure } from "./failures.js";
import { Order, orderEvents } from "./orders.js";
import { ordersProjection, schema } from "./read-model.js";
import { addRoutes } from "./routes.js";

/** Where everything is. */
export interface ShopSettings {
  /** Of the Annals server, with authentication by the same tokens. */
  readonly annalsAddress: string;
  /** For the read model: postgres://... */
  readonly databaseUrl: string;
  /** The token issuer's public key, in PEM (ES256). */
  readonly publicKeyFile: string;
  /** A token with the scope events:read:all-tenants, read anew for each call: it may be replaced. */
  readonly operatorTokenFile: string;
  /** 0: any port that is free. */
  readonly port: number;
  readonly logLevel: "info" | "silent";
}

/** A running shop. */
export interface Shop extends AsyncDisposable {
  /** "http://127.0.0.1:3000". */
  readonly url: string;
}

/** Opens the shop. @throws when the database, the key or the port is not to be had */
export async function openShop(settings: ShopSettings): Promise<Shop> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    const url = await open(settings, (closer) => closers.push(closer));
    return { url, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param onClose takes what ends each part; the last part opened is ended first */
async function open(
  settings: ShopSettings,
  onClose: (closer: () => Promise<unknown>) => void,
): Promise<string> {
  const { annalsAddress: address, databaseUrl, operatorTokenFile } = settings;
  const app = Fastify({ logger: { level: settings.logLevel } });
  const pool = new pg.Pool({ connectionString: databaseUrl });
  onClose(() => pool.end());
  pool.on("error", (error) => {
    app.log.warn(error, "an idle connection to the database broke");
  });
  await pool.query(schema);

  const operatorToken = async () => (await readFile(operatorTokenFile, "utf8")).trim();
  const operator = connect({ address, token: operatorToken, events: orderEvents });
  onClose(() => operator.close());
  const runner = new ProjectionRunner(operator, {
    name: "shop-orders",
    scope: "all-tenants",
    filter: { aggregateTypes: ["Order"] },
    projection: ordersProjection,
    store: await openPostgresProjectionStore(pool),
    lease: { ttlMs: 10_000 },
    onReport: (report) => {
      logReport(app.log, report);
    },
  });
  runner.start();
  onClose(() => runner.stop());

  const annals = connect({ address, token: callersToken, events: orderEvents });
  onClose(() => annals.close());
  const create = (id: string): Order => new Order(id, requireTenant());
  const repository = new AggregateRepository({ annals, create });
  const orders = new TenantScopedRepository(repository, undefined, {
    onAccess: ({ outcome, ...access }) => {
      if (outcome === "denied") app.log.warn(access, "cross-tenant access attempt blocked");
    },
  });

  app.setErrorHandler(answerFailure);
  app.get("/health", async (_, reply) => {
    const { state, eventsBehind } = await runner.health();
    return reply.code(state === "failed" ? 503 : 200).send({ state, behind: String(eventsBehind) });
  });
  await app.register(async (api) => {
    await addCallers(api, settings.publicKeyFile);
    addRoutes(api, orders, pool);
  });
  onClose(() => app.close());
  return app.listen({ host: "127.0.0.1", port: settings.port });
}

/** Which event it was, and not what is in it: that is the customers'. */
function logReport(log: FastifyBaseLogger, report: ProjectionReport): void {
  const { kind } = report;
  if (!("error" in report)) {
    log.info(report, "projection");
    return;
  }
  const { eventId, tenantId } = "event" in report ? report.event : {};
  const level = kind === "retry" || kind === "store_failed" ? "warn" : "error";
  log[level]({ kind, eventId, tenantId, err: report.error }, "projection");
}

/** From here on, a request has a tenant or is refused. */
async function addCallers(api: FastifyInstance, publicKeyFile: string): Promise<void> {
  const verify = await tokenVerifier(publicKeyFile);
  const tenantOf = ({ tenant_id: tenant }: Record<string, unknown>): string | undefined =>
    typeof tenant === "string" ? tenant : undefined;
  api.addHook("preHandler", tenantHook({ verify, tenantOf }));
  api.addHook("preHandler", ({ headers }, _reply, done) => {
    withToken(headers.authorization, done);
  });
}
