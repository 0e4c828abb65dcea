import { join } from "node:path";
import pg from "pg";
import { runCallLoop } from "../load/call-loop.js";
import type { Contender } from "./contender.js";
import { installPeer } from "./peer-package.js";
import { createDatabase } from "./postgres-place.js";

const peer = { package: "@event-driven-io/emmett-postgresql", version: "0.42.0" };

/** What is used of the package. */
interface EmmettPackage {
  getPostgreSQLEventStore(
    url: string,
    options: { readonly connectionOptions: { readonly pool: pg.Pool } },
  ): {
    readonly schema: { migrate(): Promise<unknown> };
    appendToStream(stream: string, events: readonly object[]): Promise<unknown>;
    close(): Promise<void>;
  };
}

export interface EmmettOptions {
  /** A PostgreSQL URL; it gets a database of its own on that server. */
  readonly serverUrl: string;
  readonly durability: string;
  readonly inFlight: number;
  readonly dataBytes: number;
  readonly streams: number;
}

/**
 * Emmett's event store on PostgreSQL, called in this process, with a pool of as many connections as
 * calls.
 *
 * @throws Error when its package cannot be installed
 */
export async function createEmmett(options: EmmettOptions): Promise<Contender> {
  const { serverUrl, durability, inFlight, streams } = options;
  const folder = await installPeer(peer.package, peer.version);
  const entry = join(folder, "dist", "index.js");
  const emmett = (await import(entry)) as EmmettPackage;
  const data = { text: "x".repeat(options.dataBytes - '{"text":""}'.length) };
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined;
  let store: ReturnType<EmmettPackage["getPostgreSQLEventStore"]> | undefined;
  let pool: pg.Pool | undefined;
  const append = async (): Promise<void> => {
    const stream = `order-${Math.floor(Math.random() * streams)}`;
    for (;;) {
      try {
        await store?.appendToStream(stream, [{ type: "OrderPlaced", data }]);
        return;
      } catch (error) {
        // Two first appends to one stream: one of them loses, whatever version it expects.
        if (!isConflict(error)) throw error;
      }
    }
  };
  return {
    name: "Emmett",
    description: `appendToStream ${peer.version}, in process; ${durability}`,
    start: async () => {
      database = await createDatabase(serverUrl);
      pool = new pg.Pool({ connectionString: database.url, max: inFlight });
      pool.on("error", () => undefined); // a call that fails says so itself
      store = emmett.getPostgreSQLEventStore(database.url, { connectionOptions: { pool } });
      await store.schema.migrate();
    },
    drive: (load, driveOptions) => runCallLoop(load, append, driveOptions),
    verify: async (acknowledged) => {
      const found = await pool?.query<{ n: string }>("SELECT count(*) AS n FROM emt_messages");
      const messages = found?.rows[0]?.n;
      if (messages === String(acknowledged)) return;
      throw new Error(`Emmett holds ${String(messages)} messages, not ${acknowledged}`);
    },
    stop: async () => {
      await store?.close();
      await pool?.end();
      await database?.drop();
      store = pool = database = undefined;
    },
  };
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Expected version");
}
