import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { LineWriter } from "#server/telemetry/line-writer.js";
import { tempFolder } from "./support/temp-folder.js";

/** A pipe that takes 64 KiB and then says EAGAIN, until it is read from. */
function openPipe(): { fd: number; read: () => Buffer } {
  const path = join(tempFolder(), "pipe");
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(fd);
  });
  const buffer = Buffer.alloc(1_048_576);
  const read = (): Buffer => {
    try {
      return Buffer.from(buffer.subarray(0, readSync(fd, buffer)));
    } catch {
      return Buffer.alloc(0); // nothing in it
    }
  };
  return { fd, read };
}

const never = (): void => {
  expect.unreachable();
};
const lineOf = (i: number): string => `${i} ${"é".repeat(500)}\n`;

describe.each([
  ["at once", true],
  ["soon", false],
])("lines written %s", (_, sync) => {
  test("a file has them all, the last ones also when the process ends", () => {
    const path = join(tempFolder(), "lines");
    const fd = openSync(path, "a");
    const writer = new LineWriter(fd, sync).listen({ onFreed: never });
    const lines = Array.from({ length: 1_000 }, (_, i) => lineOf(i));
    for (const line of lines) writer.write(line);
    writer.close();
    writer.close();
    writer.write("too late\n");
    // The first was on its way when the others came; closing waits for nobody.
    return expect
      .poll(() => readFileSync(path, "utf8").split("\n").sort())
      .toEqual(lines.join("").split("\n").sort())
      .finally(() => {
        closeSync(fd);
      });
  });

  test("a reader that stands still costs lines beyond a bound, nothing else, and no line is torn", async () => {
    const { fd, read } = openPipe();
    const freed: number[] = [];
    const writer = new LineWriter(fd, sync).listen({ onFreed: (lost) => freed.push(lost) });
    const total = 12_000;
    for (let i = 0; i < total; i++) writer.write(lineOf(i));
    const got: Buffer[] = [];
    let gotBytes = 0;
    const firstLines = (count: number): string =>
      Array.from({ length: count }, (_, i) => lineOf(i)).join("");
    let expected: string | undefined;
    const isAllThere = (): boolean => {
      gotBytes += got[got.push(read()) - 1]!.length;
      if (freed[0] !== undefined) expected ??= firstLines(total - freed[0]);
      return expected !== undefined && gotBytes >= Buffer.byteLength(expected);
    };
    await expect.poll(isAllThere, { interval: 1, timeout: 20_000 }).toBe(true);
    expect(Buffer.concat(got).toString() === expected).toBe(true);
    expect(freed).toHaveLength(1);
    expect(freed[0]).toBeGreaterThan(1_000);
    writer.close();
  });
});

test.runIf(process.platform === "linux")("a full disk is told once, and ends nothing", async () => {
  const fd = openSync("/dev/full", "w");
  const errors: unknown[] = [];
  const events = { onStuck: (error: Error) => errors.push(error), onFreed: never };
  const writers = [true, false].map((sync) => new LineWriter(fd, sync).listen(events));
  for (let i = 0; i < 10; i++) {
    for (const writer of writers) writer.write(lineOf(i));
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  expect(errors).toMatchObject([{ code: "ENOSPC" }, { code: "ENOSPC" }]);
  for (const writer of writers) writer.close();
  closeSync(fd);
});

test("a pipe that has no room for seconds is told once, and told again when its reader goes on", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { fd, read } = openPipe();
  const errors: unknown[] = [];
  const freed: number[] = [];
  const writer = new LineWriter(fd, true).listen({
    onStuck: (error) => errors.push(error),
    onFreed: (lost) => freed.push(lost),
  });
  for (let i = 0; i < 200; i++) writer.write(lineOf(i));
  vi.advanceTimersByTime(4_000);
  expect(errors).toEqual([]);
  read();
  vi.advanceTimersByTime(4_000);
  expect(errors).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(errors).toMatchObject([{ code: "EAGAIN" }]);
  expect(freed).toEqual([]);
  read();
  vi.advanceTimersByTime(1_000);
  expect(freed).toEqual([0]);
  writer.close();
});
