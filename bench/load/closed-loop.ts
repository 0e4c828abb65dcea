import { setTimeout } from "node:timers/promises";
import { CallMaker } from "./call-maker.js";
import { startCpuMeter } from "./cpu-meter.js";
import { Histogram } from "./histogram.js";
import type { Exchange, Http2Connection } from "./http2-connection.js";
import type { LoadJob, LoadResult } from "./load-job.js";
import { peakRssBytesOf } from "./process-memory.js";

/** Time for the last answers, in milliseconds. */
const drainMs = 30_000;

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
  readonly #maker: CallMaker;
  readonly #histogram = new Histogram();
  #state: "warming up" | "measuring" | "draining" = "warming up";
  #acknowledged = 0;
  #calls = 0;
  #fail!: (error: Error) => void;
  #drain!: () => void;
  readonly #failed = new Promise<never>((_, reject) => (this.#fail = reject));
  readonly #drained = new Promise<void>((resolve) => (this.#drain = resolve));

  constructor(private readonly job: LoadJob) {
    this.#maker = new CallMaker(job);
  }

  async run(): Promise<LoadResult> {
    const { job } = this;
    await Promise.race([this.#failed, this.#open()]);
    await Promise.race([this.#failed, setTimeout(job.warmUpMs)]);

    const cpuUsed = startCpuMeter(job.serverPid);
    const started = performance.now();
    this.#state = "measuring";
    await Promise.race([this.#failed, setTimeout(job.measureMs)]);
    this.#state = "draining";
    const seconds = (performance.now() - started) / 1000;
    const cpu = cpuUsed();

    const timeUp = setTimeout(drainMs, "time up" as const, { ref: false });
    if ((await Promise.race([this.#failed, this.#drained, timeUp])) === "time up") {
      const missing = this.#maker.made - this.#acknowledged;
      throw new Error(`${missing} calls were not answered within ${drainMs} ms`);
    }
    return {
      seconds,
      calls: this.#calls,
      acknowledged: this.#acknowledged,
      refused: 0,
      latency: this.#histogram.toCounts(),
      cpu,
      serverPeakRssBytes: peakRssBytesOf(job.serverPid),
    };
  }

  close(): void {
    this.#maker.close();
  }

  async #open(): Promise<void> {
    const { inFlight, connections } = this.job;
    const opened = await this.#maker.open((connection) => ({
      answered: (exchange) => {
        this.#answered(connection(), exchange);
      },
      refused: () => {
        this.#fail(new Error("a call was refused: RESOURCE_EXHAUSTED"));
      },
      failed: this.#fail,
    }));
    opened.forEach((connection, i) => {
      const calls = Math.floor((inFlight + i) / connections);
      if (calls > connection.maxConcurrent) {
        throw new Error(
          `the server allows ${connection.maxConcurrent} calls at a time on a connection, not ${calls}: use more connections`,
        );
      }
      for (let n = 0; n < calls; n++) {
        this.#maker.call(connection, this.#maker.createExchange(), performance.now());
      }
      connection.flush();
    });
  }

  #answered(connection: Http2Connection, exchange: Exchange): void {
    const now = performance.now();
    this.#acknowledged++;
    if (this.#state === "measuring") {
      this.#calls++;
      this.#histogram.record((now - exchange.startedMs) * 1000);
    }
    if (this.#state !== "draining") this.#maker.call(connection, exchange, performance.now());
    else if (this.#acknowledged === this.#maker.made) this.#drain();
  }
}
