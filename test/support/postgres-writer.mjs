// A server process as far as a PostgreSQL store sees one: the store, the writer, and callers that
// append without end. Reports each append on stdout before it is first asked for, and when it is
// acknowledged, a line of JSON each.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgresStore } from "#server/store/postgres/open.js";
import { createWriter } from "#server/writer/writer.js";

/** @type {{ url: string, callers: number, tenants: string[], options?: object }} */
const { url, callers, tenants, options } = JSON.parse(process.argv[2] ?? "{}");
const store = await openPostgresStore({ url, logger: { warn: () => undefined }, ...options });
const writer = createWriter(store, () => BigInt(Date.now()) * 1000n, {
  maxQueuedAppends: 10_000,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxBatchEvents: 1_000,
  maxBatchBytes: 4 * 1024 * 1024,
  maxBatchesInFlight: 2,
  retryAfterMs: 100,
  onStoreError: () => undefined,
});
report({ ready: true });
for (let caller = 0; caller < callers; caller++) void call();

/** Appends again and again; what is in doubt is asked again with the same ids until it is certain. */
async function call() {
  const ours = { aggregateType: "Order", aggregateId: randomUUID() };
  for (;;) {
    const tenantId = tenants[Math.floor(Math.random() * tenants.length)];
    // Half of the appends make a new stream, half go to one that others write to as well.
    const stream =
      Math.random() < 0.5 ? { ...ours, aggregateId: randomUUID() } : { ...ours, aggregateId: "1" };
    const appendId = randomUUID();
    const count = 1 + Math.floor(Math.random() * 4);
    const events = Array.from({ length: count }, () => ({
      eventId: randomUUID(),
      eventType: "OrderPlaced",
      occurredAt: undefined,
      data: new Uint8Array(64),
      contentType: "application/octet-stream",
      metadata: {},
      correlationId: "",
      causationId: "",
      tags: [appendId, String(count)],
    }));
    const intent = { tenantId, stream, expected: { kind: "any" }, events };
    const eventIds = events.map(({ eventId }) => eventId);
    report({ asked: { tenantId, appendId, aggregateId: stream.aggregateId, eventIds } });
    for (let attempt = 1; ; attempt++) {
      const asked = Date.now();
      const outcome = await writer.append(intent);
      if (outcome.ok) {
        report({
          tenantId,
          appendId,
          attempt,
          deduplicated: outcome.deduplicated,
          firstPosition: String(outcome.firstPosition),
          lastPosition: String(outcome.lastPosition),
          tookMs: Date.now() - asked,
        });
        break;
      }
      if (outcome.failure.reason !== "unavailable") report({ surprise: outcome.failure.reason });
      await sleep(20 + Math.random() * 80);
    }
  }
}

function report(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
