import { once } from "node:events";
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

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

async function follow({ address, tenants, stalled = false }: FollowerJob): Promise<void> {
  const started: Promise<void>[] = [];
  let connection: FollowerConnection | undefined;
  for (const [i, tenant] of tenants.entries()) {
    if (!connection || i % callsPerConnection === 0) {
      connection = await FollowerConnection.open(address, stalled);
    }
    started.push(connection.follow(tenant));
  }
  await Promise.all(started);
}

if (!isMainThread && parentPort) {
  await follow(workerData as FollowerJob);
  parentPort.postMessage("following");
}
