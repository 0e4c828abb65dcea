import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { FanOut } from "#server/reader/fan-out.js";
import { LogTail } from "#server/reader/log-tail.js";
import { newEvent, newTenant, oneTo, someTime } from "../support/store-input.js";

/** For ever, in these tests. */
function newWait() {
  return { until: 1_000n, timeoutMs: 60_000, signal: new AbortController().signal };
}

/** A log whose followers write down their turns. */
function newLog() {
  const tail = new LogTail((event) => event.position, { maxEvents: 10, maxBytes: 1_000_000 });
  const turns: string[] = [];
  const push = (position: bigint): void => {
    tail.push({
      ...newEvent(),
      ...{ position, globalPosition: position, aggregateVersion: position, tenantId: newTenant() },
      ...{ aggregateType: "Order", aggregateId: "1", occurredAt: someTime, recordedAt: someTime },
    });
  };
  const follow = async (name: string, busyMs: number): Promise<void> => {
    const wait = newWait();
    for (let place = 0n; ; place++) {
      await tail.next(place, undefined, wait);
      turns.push(name);
      const until = performance.now() + busyMs;
      while (performance.now() < until);
    }
  };
  return { tail, turns, push, follow };
}

test("followers with much to do are woken a few at a time, and others have the event loop in between", async () => {
  const { tail, turns, push, follow } = newLog();
  const names = oneTo(40).map(String);
  for (const name of names) void follow(name, 1);
  let done = false;
  const others = (async () => {
    while (!done) {
      turns.push("others");
      await setImmediate();
    }
  })();
  push(1n);
  await new FanOut().wake(new Set([tail]));
  done = true;
  await others;

  expect(turns.filter((turn) => turn !== "others")).toEqual(names);
  const inARow = turns.join(" ").split("others");
  expect(Math.max(...inARow.map((row) => row.trim().split(" ").length))).toBeLessThanOrEqual(8);
  expect(tail.waiting).toBe(40);
});

test("a follower that does not come back holds up the others for some turns only", async () => {
  const { tail, turns, push, follow } = newLog();
  void tail.next(0n, undefined, newWait()); // takes what came, and is not seen again
  for (const name of oneTo(20).map(String)) void follow(name, 0);
  for (const position of [1n, 2n]) {
    push(position);
    await new FanOut().wake(new Set([tail]));
  }
  expect(turns).toHaveLength(40);
});

test("followers of many logs are woken once each", async () => {
  const logs = oneTo(30).map(newLog);
  for (const { follow, push } of logs) {
    void follow("one", 0);
    push(1n);
  }
  await new FanOut().wake(new Set(logs.map(({ tail }) => tail)));
  expect(logs.map(({ turns }) => turns.length)).toEqual(logs.map(() => 1));
});
