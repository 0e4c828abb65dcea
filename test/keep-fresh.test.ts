import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { keepFresh } from "#server/config/keep-fresh.js";
import { tempFolder } from "./support/temp-folder.js";

afterEach(() => {
  vi.useRealTimers();
});

test("a file that could not be read again is read again until it can, though it does not change; then no more", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const file = join(tempFolder(), "keys");
  writeFileSync(file, "one");
  const outcomes: (Error | undefined)[] = [];
  const faults = [undefined, new Error("EMFILE"), new Error("EMFILE")];
  const read = () => {
    const fault = faults.shift();
    outcomes.push(fault);
    if (fault) throw fault;
  };
  const stop = keepFresh([file], read, pino({ level: "silent" }));
  onTestFinished(stop);
  writeFileSync(file, "two, longer");
  await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBe(2);
  vi.advanceTimersByTime(5_000);
  expect(outcomes).toHaveLength(3);
  vi.advanceTimersByTime(5_000);
  expect(outcomes).toHaveLength(4);
  expect(outcomes[3]).toBeUndefined();
  vi.advanceTimersByTime(60_000);
  expect(outcomes).toHaveLength(4);
});

test("stopped, it reads no more", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const file = join(tempFolder(), "keys");
  writeFileSync(file, "one");
  let reads = 0;
  const read = () => {
    if (++reads > 1) throw new Error("EMFILE");
  };
  const stop = keepFresh([file], read, pino({ level: "silent" }));
  writeFileSync(file, "two, longer");
  await expect.poll(() => reads, { timeout: 20_000 }).toBe(2);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(reads).toBe(2);
});
