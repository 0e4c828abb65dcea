import { randomUUID } from "node:crypto";
import { parseTenantId } from "#server/domain/tenant.js";
import { createUuidV7 } from "#server/domain/uuid.js";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { openSqliteStore } from "#server/store/sqlite/open.js";
import type { AppendIntent, Store } from "#server/store/store.js";

/** What to put into a log before it is measured. */
export interface Fill {
  /** The server's setting "store": of SQLite or PostgreSQL. */
  readonly store: string;
  readonly events: number;
  /** Bytes of JSON in each. */
  readonly dataBytes: number;
  readonly tenantId: string;
  readonly streams: number;
}

/** Events of one batch. */
const batchEvents = 2_000;

/** Fills a tenant's log through the store, as a server would, in big batches. */
export async function fillLog(fill: Fill, progress: (line: string) => void): Promise<void> {
  const store = await openStore(fill.store);
  try {
    for (let written = 0; written < fill.events; written += batchEvents) {
      const count = Math.min(batchEvents, fill.events - written);
      const batch = Array.from({ length: count }, () => newAppend(fill));
      const outcomes = await store.append(batch, BigInt(Date.now()) * 1000n);
      if (!outcomes.every(({ ok }) => ok)) throw new Error("the log could not be filled");
      if (written % 100_000 === 0) progress(`filling: ${written} of ${fill.events} events`);
    }
  } finally {
    await store.close();
  }
}

function openStore(store: string): Promise<Store> {
  const logger = { error: () => undefined, warn: () => undefined };
  if (store.startsWith("sqlite:")) {
    return openSqliteStore({ file: store.replace(/^sqlite:(\/\/)?/, ""), logger });
  }
  return openPostgresStore({ url: store, logger });
}

function newAppend({ tenantId, dataBytes, streams }: Fill): AppendIntent {
  const head = `{"id":"${randomUUID()}","note":"`;
  const data = Buffer.from(`${head}${"x".repeat(Math.max(0, dataBytes - head.length - 2))}"}`);
  const aggregateId = `order-${Math.floor(Math.random() * streams)}`;
  return {
    tenantId: parseTenantId(tenantId, "tenant"),
    stream: { aggregateType: "Order", aggregateId },
    expected: { kind: "any" },
    events: [
      {
        ...{ eventId: createUuidV7(Date.now()), eventType: "OrderPlaced", occurredAt: undefined },
        ...{ data, contentType: "application/json", metadata: {}, tags: [] },
        ...{ correlationId: "", causationId: "" },
      },
    ],
  };
}
