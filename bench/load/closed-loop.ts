import { setTimeout } from "node:timers/promises";
import { Histogram } from "./histogram.js";
import { encodeHeaderBlock } from "./hpack-encode.js";
import { Exchange, Http2Connection } from "./http2-connection.js";
import type { CpuSeconds, LoadJob, LoadResult } from "./load-job.js";
import { cpuSecondsOf, machineCpuSeconds, ownCpuSeconds } from "./process-cpu.js";
import { RequestStamp } from "./request-stamp.js";

/** Time for the last answers, in milliseconds. */
const drainMs = 30_000;

/** gRPC's prefix of a message: not compressed, and its length. */
const messagePrefixBytes = 5;

/**
 * Keeps a number of calls in flight: whenever one is answered the next is made. Latency is from
 * making a call to reading its answer.
 *
 * @throws Error as soon as one answer is not OK, a connection breaks, or answers stop coming
 */
export async function runClosedLoop(job: LoadJob): Promise<LoadResult> {
  const loop = new ClosedLoop(job);
  try {
    return await loop.run();
  } finally {
    loop.close();
  }
}

class ClosedLoop {
  readonly #connections: Http2Connection[] = [];
  readonly #stamp: RequestStamp;
  readonly #headers: readonly Buffer[];
  readonly #histogram = new Histogram();
  #state: "warming up" | "measuring" | "draining" = "warming up";
  #made = 0;
  #acknowledged = 0;
  #calls = 0;
  #fail!: (error: Error) => void;
  #drain!: () => void;
  readonly #failed = new Promise<never>((_, reject) => (this.#fail = reject));
  readonly #drained = new Promise<void>((resolve) => (this.#drain = resolve));

  constructor(private readonly job: LoadJob) {
    const { request, tag, address } = job;
    this.#stamp = new RequestStamp(request, tag);
    this.#headers = request.metadata.map((metadata) =>
      encodeHeaderBlock([
        [":method", "POST"],
        [":scheme", "http"],
        [":path", request.path],
        [":authority", address],
        ["te", "trailers"],
        ["content-type", "application/grpc"],
        ...metadata,
      ]),
    );
  }

  async run(): Promise<LoadResult> {
    const { job } = this;
    await Promise.race([this.#failed, this.#open()]);
    await Promise.race([this.#failed, setTimeout(job.warmUpMs)]);

    const cpuBefore = this.#readCpu();
    const started = performance.now();
    this.#state = "measuring";
    await Promise.race([this.#failed, setTimeout(job.measureMs)]);
    this.#state = "draining";
    const seconds = (performance.now() - started) / 1000;
    const cpu = difference(this.#readCpu(), cpuBefore);

    const timeUp = setTimeout(drainMs, "time up" as const, { ref: false });
    if ((await Promise.race([this.#failed, this.#drained, timeUp])) === "time up") {
      const missing = this.#made - this.#acknowledged;
      throw new Error(`${missing} calls were not answered within ${drainMs} ms`);
    }
    return {
      seconds,
      calls: this.#calls,
      acknowledged: this.#acknowledged,
      latency: this.#histogram.toCounts(),
      cpu,
    };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #open(): Promise<void> {
    const { address, inFlight, connections } = this.job;
    for (let i = 0; i < connections; i++) {
      const connection = await Http2Connection.open(address, {
        answered: (exchange) => {
          this.#answered(connection, exchange);
        },
        failed: this.#fail,
      });
      this.#connections.push(connection);
    }
    this.#connections.forEach((connection, i) => {
      const calls = Math.floor((inFlight + i) / connections);
      if (calls > connection.maxConcurrent) {
        throw new Error(
          `the server allows ${connection.maxConcurrent} calls at a time on a connection, not ${calls}: use more connections`,
        );
      }
      for (let n = 0; n < calls; n++) this.#call(connection, this.#createExchange());
      connection.flush();
    });
  }

  #createExchange(): Exchange {
    const { message } = this.job.request;
    const body = Buffer.alloc(messagePrefixBytes + message.length);
    body.writeUInt32BE(message.length, 1);
    body.set(message, messagePrefixBytes);
    return new Exchange(Buffer.alloc(0), body);
  }

  #call(connection: Http2Connection, exchange: Exchange): void {
    exchange.headers = this.#headers[this.#made++ % this.#headers.length] ?? exchange.headers;
    this.#stamp.stamp(exchange.body, messagePrefixBytes, Date.now());
    exchange.startedMs = performance.now();
    connection.send(exchange);
  }

  #answered(connection: Http2Connection, exchange: Exchange): void {
    this.#acknowledged++;
    if (this.#state === "measuring") {
      this.#calls++;
      this.#histogram.record((performance.now() - exchange.startedMs) * 1000);
    }
    if (this.#state !== "draining") this.#call(connection, exchange);
    else if (this.#acknowledged === this.#made) this.#drain();
  }

  #readCpu(): CpuSeconds {
    const server = cpuSecondsOf(this.job.serverPid);
    return { server, generator: ownCpuSeconds(), machine: machineCpuSeconds() };
  }
}

function difference(after: CpuSeconds, before: CpuSeconds): CpuSeconds {
  const known = after.server !== undefined && before.server !== undefined;
  return {
    server: known ? (after.server ?? 0) - (before.server ?? 0) : undefined,
    generator: after.generator - before.generator,
    machine: after.machine - before.machine,
  };
}
