import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { awaitReader } from "#server/transport/await-reader.js";
import { TestCall } from "./support/test-call.js";

test("a reader that takes what it is sent is not cut off, and leaves no listener behind", async () => {
  const call = new TestCall("streaming");
  const stopping = new AbortController();
  const end = vi.fn();
  const taken = Promise.resolve();
  for (let i = 0; i < 20; i++) await awaitReader(taken, call, 10, end, stopping.signal);
  expect(getEventListeners(call.signal, "abort")).toEqual([]);
  expect(getEventListeners(stopping.signal, "abort")).toEqual([]);
  await sleep(30);
  expect(end).not.toHaveBeenCalled();
});
