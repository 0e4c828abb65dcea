import { expect, test } from "vitest";
import { follow, type FollowStep } from "#server/reader/follow.js";
import { LogTail } from "#server/reader/log-tail.js";

/** More often than a reader can ask that lets the event loop go on, in the time it is given here. */
const tooOften = 1_000_000;

test("a store that never tells what the tail has let go cannot keep a follower from its end", async () => {
  const placeOf = (event: { readonly position: bigint }): bigint => event.position;
  const tail = new LogTail(placeOf, { maxEvents: 10, maxBytes: 1_000 });
  tail.isGone = () => true;
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new Error("the caller went away"));
  }, 20);

  let asked = 0;
  const steps = follow({
    tail,
    readOn: (place) => {
      if (++asked > tooOften) throw new Error("the event loop starved");
      return Promise.resolve({ events: [], scannedTo: place, atEnd: true });
    },
    pick: () => true,
    placeOf,
    from: 0n,
    limit: undefined,
    maxPageEvents: 10,
    checkpoints: { everyPlaces: 100n, everyMs: 60_000 },
    progress: { waiting: false },
    signal: controller.signal,
  });
  const seen: FollowStep[] = [];
  const reading = (async () => {
    for await (const step of steps) seen.push(step);
  })();
  await expect(reading).rejects.toMatchObject({ failure: { reason: "cancelled" } });
  expect(seen).toEqual([]);
});
