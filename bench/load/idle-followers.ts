import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { FollowerConnection } from "./follower-connection.js";

/** Who follows: one call for each entry of `tenants`, over a few connections. */
export interface FollowerJob {
  /** "host:port". */
  readonly address: string;
  readonly tenants: readonly string[];
  /** They read nothing of what they are sent. */
  readonly stalled?: boolean;
}

/** Calls on one connection. */
const callsPerConnection = 250;

/** Followers to whom nothing comes for so long have all that there is, in milliseconds. */
const quietMs = 500;

/** Time to catch up, in milliseconds. */
const catchUpMs = 120_000;

/** Followers in a thread of their own that look at nothing of what comes. */
export class IdleFollowers {
  private constructor(private readonly worker: Worker) {}

  /** Resolves when every one of them has had its first answer. */
  static async start(job: FollowerJob): Promise<IdleFollowers> {
    const worker = new Worker(new URL(import.meta.url), { workerData: job });
    await Promise.race([
      once(worker, "message"),
      once(worker, "error").then(([error]) => {
        throw error;
      }),
    ]);
    return new IdleFollowers(worker);
  }

  /** Resolves when they have caught up with an appender that has stopped. @throws Error when that takes too long */
  async caughtUp(): Promise<void> {
    const answer = once(this.worker, "message", { signal: AbortSignal.timeout(catchUpMs) });
    this.worker.postMessage("caught up?");
    await answer;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

async function follow(job: FollowerJob): Promise<readonly FollowerConnection[]> {
  const { address, tenants, stalled = false } = job;
  const started: Promise<void>[] = [];
  const connections: FollowerConnection[] = [];
  for (const [i, tenant] of tenants.entries()) {
    if (i % callsPerConnection === 0) {
      connections.push(await FollowerConnection.open(address, stalled));
    }
    const following = connections.at(-1)?.follow(tenant);
    if (following) started.push(following);
  }
  await Promise.all(started);
  return connections;
}

async function untilQuiet(connections: readonly FollowerConnection[]): Promise<void> {
  const received = (): number => connections.reduce((sum, each) => sum + each.receivedBytes, 0);
  let before: number;
  do {
    before = received();
    await setTimeout(quietMs);
  } while (received() > before);
}

if (!isMainThread && parentPort) {
  const parent = parentPort;
  const connections = await follow(workerData as FollowerJob);
  parent.postMessage("following");
  parent.on("message", () => {
    void untilQuiet(connections).then(() => {
      parent.postMessage("caught up");
    });
  });
}
