import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { TenantId } from "#server/domain/tenant.js";
import { openTestSqliteStore } from "../support/sqlite-file.js";
import {
  appendOk,
  logQuery,
  newEvents,
  newStream,
  newTenant,
  oneTo,
  readLogToEnd,
  readWholeLogToEnd,
  wholeLogQuery,
} from "../support/store-input.js";
import { tempFolder } from "../support/temp-folder.js";

const rounds = 4;

test("after kill -9 every acknowledged event is there once, without hole, and nothing by half", async () => {
  const file = join(tempFolder(), "events.db");
  const tenantId = newTenant();
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const fresh = await killedWhileAppending(file, tenantId, 40 + 70 * round);
    expect(fresh.length).toBeGreaterThan(0);
    acknowledged.push(...fresh);

    // Straight after the kill: the lock went with the process.
    const store = await openTestSqliteStore(file);
    const events = await readLogToEnd(store, logQuery(tenantId, { maxEvents: 1_000 }));
    expect(events.map((event) => event.position)).toEqual(oneTo(events.length));
    const whole = await readWholeLogToEnd(store, wholeLogQuery({ maxEvents: 1_000 }));
    expect(whole.map((event) => event.globalPosition)).toEqual(oneTo(whole.length));
    // Appends are of three events, and one more of two tells that the file can still be written.
    expect(whole.length).toBe(events.length + 2 * round);
    expect(events.length % 3).toBe(0);

    const ids = events.map((event) => event.eventId);
    const found = new Set(ids);
    expect(found.size).toBe(ids.length);
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
    // What was not acknowledged may be there, but only what was under way: an append a stream.
    expect(ids.length - acknowledged.length).toBeLessThanOrEqual((round + 1) * 4 * 3);

    expect((await store.getHead(tenantId)).position).toBe(BigInt(events.length));
    for (const aggregateId of ["1", "2", "3", "4"]) {
      const stream = { aggregateType: "Counter", aggregateId };
      const count = events.filter((event) => event.aggregateId === aggregateId).length;
      expect((await store.getStream(tenantId, stream))?.version ?? 0n).toBe(BigInt(count));
    }
    await appendOk(store, newTenant(), newStream(), newEvents(2));
    await store.close();
  }
});

/** Runs a process that appends, kills it, and answers the ids that it had the word of the store for. */
async function killedWhileAppending(
  file: string,
  tenantId: TenantId,
  afterMs: number,
): Promise<string[]> {
  const child = spawn(process.execPath, ["test/support/append-forever.mjs", file, tenantId], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(afterMs);
  child.kill("SIGKILL");
  expect((await closed)[1]).toBe("SIGKILL");
  const lines = output.split("\n");
  // A torn last line tells nothing.
  return lines.slice(0, -1).flatMap((line) => line.split(" "));
}
