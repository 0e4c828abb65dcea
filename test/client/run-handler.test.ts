import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AbortListeners } from "#client/connection/abort-listeners.js";
import { HandlerFailure, runHandler } from "#client/projections/run-handler.js";

const never = new Promise<void>(() => undefined);

describe.each<[string, () => void | Promise<void>]>([
  ["returns", () => undefined],
  ["resolves", () => Promise.resolve()],
  [
    "throws",
    () => {
      throw new Error("poison");
    },
  ],
  ["rejects", () => Promise.reject(new Error("poison"))],
  ["is late", () => never],
])("a handler that %s", (how, handler) => {
  const force = new AbortController();
  let given = new AbortController().signal;
  const run = () =>
    runHandler(
      ({ signal }) => {
        given = signal;
        return handler();
      },
      { transaction: undefined, signal: force.signal, attempt: 1 },
      1,
      new AbortListeners(),
    ).catch((error: unknown) => error);

  test("leaves nobody listening once it has ended", async () => {
    const failure = await run();
    expect(failure instanceof HandlerFailure).toBe(!["returns", "resolves"].includes(how));
    expect(getEventListeners(force.signal, "abort")).toEqual([]);
    expect(getEventListeners(given, "abort")).toEqual([]);
  });

  test("breaks nothing when the runner is stopped by force later", async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", onUnhandled);
    onTestFinished(() => void process.off("unhandledRejection", onUnhandled));
    await run();
    force.abort(new Error("stopped by force"));
    await turn();
    expect(unhandled).toEqual([]);
  });
});

test("a handler ends by force, and knows why", async () => {
  const force = new AbortController();
  const reason = new Error("stopped by force");
  let given = new AbortController().signal;
  const running = runHandler(
    ({ signal }) => {
      given = signal;
      return never;
    },
    { transaction: undefined, signal: force.signal, attempt: 1 },
    undefined,
    new AbortListeners(),
  );
  force.abort(reason);
  await expect(running).rejects.toMatchObject({ cause: reason });
  expect(given.reason).toBe(reason);
});

test("many handlers at once listen as one", async () => {
  const force = new AbortController();
  const context = { transaction: undefined, signal: force.signal, attempt: 1 };
  const listeners = new AbortListeners();
  const running = Array.from({ length: 20 }, () =>
    runHandler(() => never, context, undefined, listeners),
  );
  expect(getEventListeners(force.signal, "abort")).toHaveLength(1); // more than ten are warned of
  force.abort(new Error("stopped by force"));
  expect((await Promise.allSettled(running)).every(({ status }) => status === "rejected")).toBe(
    true,
  );
});

test("a handler that has ended leaves no timer behind", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { signal } = new AbortController();
  const context = { transaction: undefined, signal, attempt: 1 };
  await runHandler(() => Promise.resolve(), context, 60_000, new AbortListeners());
  expect(vi.getTimerCount()).toBe(0);
});
