import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { keepFresh } from "#server/config/keep-fresh.js";
import { createLogger } from "#server/telemetry/logger.js";
import { tempFolder } from "./support/temp-folder.js";

const logger = createLogger({ level: "silent", pretty: false });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A file that is kept, and whose reading fails from its first change on, until it is mended. */
async function keepFailing() {
  const file = join(tempFolder(), "keys");
  writeFileSync(file, "");
  const reads: boolean[] = [];
  let mended = true;
  const read = () => {
    reads.push(mended);
    if (!mended) throw new Error("EMFILE");
  };
  const stop = keepFresh([file], read, logger);
  onTestFinished(stop);
  mended = false;
  const readAfterChange = () => {
    writeFileSync(file, "+", { flag: "a" }); // again and again: it may come before the watching began
    return reads.length;
  };
  await expect
    .poll(readAfterChange, { interval: 1_000, timeout: 20_000 })
    .toBeGreaterThanOrEqual(2);
  const mend = () => {
    mended = true;
  };
  return { reads, mend, stop };
}

test("a file that could not be read again is read again until it can, though it does not change", async () => {
  const { reads, mend } = await keepFailing();
  const before = reads.length;
  vi.advanceTimersByTime(10_000);
  expect(reads.slice(before)).toEqual([false, false]);
  mend();
  vi.advanceTimersByTime(5_000);
  expect(reads.slice(before)).toEqual([false, false, true]);
  vi.advanceTimersByTime(60_000);
  expect(reads.slice(before)).toEqual([false, false, true]);
});

test("stopped, it is read no more", async () => {
  const { reads, stop } = await keepFailing();
  const before = reads.length;
  stop();
  vi.advanceTimersByTime(60_000);
  expect(reads).toHaveLength(before);
});
