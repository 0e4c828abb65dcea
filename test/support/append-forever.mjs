// Appends to a SQLite store until it is killed: node append-forever.mjs FILE TENANT.
// Prints the ids of each append, a line, once the store has answered it.
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../server/dist/store/sqlite/open.js";

const [file, tenantId] = process.argv.slice(2);
const logger = { error: (fields, message) => console.error(message, fields) };
const store = await openSqliteStore({ file, logger });

async function appendForever(aggregateId) {
  for (;;) {
    const events = Array.from({ length: 3 }, () => ({
      eventId: randomUUID(),
      eventType: "Counted",
      occurredAt: undefined,
      data: new Uint8Array(500),
      contentType: "",
      metadata: {},
      correlationId: "",
      causationId: "",
      tags: [],
    }));
    const stream = { aggregateType: "Counter", aggregateId };
    const intent = { tenantId, stream, expected: { kind: "any" }, events };
    const [outcome] = await store.append([intent], BigInt(Date.now()) * 1000n);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
    writeSync(1, `${events.map((event) => event.eventId).join(" ")}\n`);
  }
}

await Promise.all(["1", "2", "3", "4"].map(appendForever));
