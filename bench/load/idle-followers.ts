import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { create, toBinary } from "@bufbuild/protobuf";
import { ReadAllRequestSchema } from "@annals/proto/annals/v1/event_store";

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
  const message = toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema, { follow: true }));
  const request = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const started: Promise<unknown>[] = [];
  let session: ClientHttp2Session | undefined;
  for (const [i, tenant] of tenants.entries()) {
    if (!session || i % callsPerConnection === 0) {
      session = connect(`http://${address}`);
      await once(session, "connect");
      if (!stalled) session.setLocalWindowSize(16_777_216);
    }
    const stream = session.request({
      ":method": "POST",
      ":path": "/annals.v1.EventStore/ReadAll",
      "content-type": "application/grpc",
      te: "trailers",
      "x-tenant-id": tenant,
    });
    started.push(once(stream, stalled ? "response" : "data"));
    stream.end(request);
    if (!stalled) stream.resume();
  }
  await Promise.all(started);
}

if (!isMainThread && parentPort) {
  await follow(workerData as FollowerJob);
  parentPort.postMessage("following");
}
