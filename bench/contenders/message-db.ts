import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { runCallLoop } from "../load/call-loop.js";
import type { Contender } from "./contender.js";
import { createDatabase } from "./postgres-place.js";
import { installPeer } from "./peer-package.js";

const peer = { package: "@eventide/message-db", version: "1.3.1" };

/** What writing needs, in the order that its functions refer to each other. */
const sqlFiles = [
  "schema/message-store",
  "tables/messages",
  "types/message",
  ...["hash-64", "acquire-lock", "category", "is-category", "id", "cardinal-id"].map(inFunctions),
  ...["stream-version", "write-message"].map(inFunctions),
  ...["messages-id", "messages-category", "messages-stream"].map((name) => `indexes/${name}`),
];

export interface MessageDbOptions {
  /** A PostgreSQL URL; it gets a database of its own on that server. */
  readonly serverUrl: string;
  readonly durability: string;
  readonly inFlight: number;
  readonly dataBytes: number;
  readonly streams: number;
}

/**
 * message-db's write_message, called by pg in this process over as many connections as calls.
 *
 * @throws Error when its package cannot be installed
 */
export async function createMessageDb(options: MessageDbOptions): Promise<Contender> {
  const { serverUrl, durability, inFlight, streams } = options;
  const folder = await installPeer(peer.package, peer.version);
  const data = JSON.stringify({ text: "x".repeat(options.dataBytes - '{"text":""}'.length) });
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined;
  let pool: pg.Pool | undefined;
  const write = async (): Promise<void> => {
    const stream = `order-${Math.floor(Math.random() * streams)}`;
    const text = "SELECT message_store.write_message($1, $2, $3, $4)";
    await pool?.query({ name: "w", text, values: [randomUUID(), stream, "OrderPlaced", data] });
  };
  return {
    name: "message-db",
    description: `write_message ${peer.version}, in process; ${durability}`,
    start: async () => {
      database = await createDatabase(serverUrl);
      const settings = "-c search_path=message_store,public";
      pool = new pg.Pool({ connectionString: database.url, max: inFlight, options: settings });
      pool.on("error", () => undefined); // a call that fails says so itself
      for (const name of sqlFiles) {
        await pool.query(await readFile(join(folder, "database", `${name}.sql`), "utf8"));
      }
    },
    drive: (load, driveOptions) => runCallLoop(load, write, driveOptions),
    verify: async (acknowledged) => {
      const found = await pool?.query<{ n: string }>("SELECT count(*) AS n FROM messages");
      const messages = found?.rows[0]?.n;
      if (messages === String(acknowledged)) return;
      throw new Error(`message-db holds ${String(messages)} messages, not ${acknowledged}`);
    },
    stop: async () => {
      await pool?.end();
      await database?.drop();
      pool = database = undefined;
    },
  };
}

function inFunctions(name: string): string {
  return `functions/${name}`;
}
