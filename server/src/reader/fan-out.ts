import { setImmediate, setTimeout } from "node:timers/promises";
import type { LogTail } from "./log-tail.js";

/** Followers may take one part of the event loop's time in so many: the rest is for appends and reads. */
const share = 5;

/** What those who are woken together may take, in milliseconds: so long does an append wait for them. */
const togetherMs = 4;

/** What one follower takes at most, in milliseconds, for what is handed out at once. */
const maxMsOfFollower = 1;

/** Turns of the event loop that followers are given to take what came; a slow one takes longer. */
const maxTurns = 50;

/** How often is looked, in milliseconds, whether others use the time; below this part of it they do not. */
const stepMs = 2;
const idleBelow = 0.2;

/** Fewest and most that are woken together. */
const fewest = 8;
const most = 512;

/**
 * Wakes those who wait for what came to their logs: a few together, as many as are soon done, and between them
 * the event loop has time for everything else. What takes a thousand followers half a second is no half
 * second in which nothing is appended.
 */
export class FanOut {
  #together = fewest;

  /** Resolves when all have been woken who waited. */
  async wake(tails: ReadonlySet<LogTail>): Promise<void> {
    const wakers = [...tails].flatMap((tail) => tail.takeWakers());
    for (let at = 0; at < wakers.length;) {
      const group = wakers.slice(at, at + this.#together);
      at += group.length;
      const spentMs = await wakeTogether(group, tails);
      if (spentMs <= 1) continue;
      if (group.length === this.#together) this.#adapt(spentMs);
      await leaveToOthers((share - 1) * spentMs);
    }
  }

  #adapt(spentMs: number): void {
    const fitting = Math.round((this.#together * togetherMs) / spentMs);
    this.#together = Math.min(Math.max(fitting, fewest), most);
  }
}

/** Lets others have the event loop for so long, or until they leave it idle. */
async function leaveToOthers(ms: number): Promise<void> {
  const until = performance.now() + ms;
  let utilization: number;
  do {
    const before = performance.eventLoopUtilization();
    await setTimeout(stepMs);
    ({ utilization } = performance.eventLoopUtilization(before));
  } while (utilization > idleBelow && performance.now() < until);
}

/** @returns how much of the event loop's time it took, in milliseconds */
async function wakeTogether(
  group: readonly (() => void)[],
  tails: ReadonlySet<LogTail>,
): Promise<number> {
  const started = performance.now();
  const backAgain = countWaiting(tails) + group.length;
  for (const wake of group) wake();
  for (let turn = 0; turn < maxTurns && countWaiting(tails) < backAgain; turn++) {
    await setImmediate();
  }
  // What passed was not all for them: a few followers are not held responsible for the rest.
  return Math.min(performance.now() - started, group.length * maxMsOfFollower);
}

function countWaiting(tails: ReadonlySet<LogTail>): number {
  let waiting = 0;
  for (const tail of tails) waiting += tail.waiting;
  return waiting;
}
