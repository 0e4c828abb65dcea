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
 * Makes calls at a fixed rate, whatever the answers do. Latency is from when a call was due, so a
 * server that stands still is charged for every call that had to wait, also for those that could not
 * be sent (no coordinated omission). The timer's millisecond is charged too.
 *
 * @throws Error as soon as an answer is neither OK nor a refusal that the job allows, a connection
 *   breaks, or answers stop coming
 */
export async function runOpenLoop(job: LoadJob, rate: number): Promise<LoadResult> {
  const loop = new OpenLoop(job, rate);
  try {
    return await loop.run();
  } finally {
    loop.close();
  }
}

class OpenLoop {
  readonly #maker: CallMaker;
  readonly #histogram = new Histogram();
  readonly #idle: { readonly connection: Http2Connection; readonly exchange: Exchange }[] = [];
  #startedMs = 0;
  /** Calls that are to be made at all. */
  #last = Infinity;
  #measured = { fromMs: Infinity, toMs: Infinity };
  #acknowledged = 0;
  #refused = 0;
  #calls = 0;
  #fail!: (error: Error) => void;
  readonly #failed = new Promise<never>((_, reject) => (this.#fail = reject));

  constructor(
    private readonly job: LoadJob,
    private readonly rate: number,
  ) {
    this.#maker = new CallMaker(job);
  }

  async run(): Promise<LoadResult> {
    const { job } = this;
    await Promise.race([this.#failed, this.#open()]);
    this.#startedMs = performance.now();
    const fromMs = this.#startedMs + job.warmUpMs;
    const toMs = fromMs + job.measureMs;
    this.#measured = { fromMs, toMs };
    this.#last = Math.ceil(((job.warmUpMs + job.measureMs) / 1000) * this.rate);
    await this.#until(fromMs);

    const cpuUsed = startCpuMeter(job.serverPid);
    await this.#until(toMs);
    const cpu = cpuUsed();
    if (job.abandon !== true) await this.#drain();
    return {
      seconds: job.measureMs / 1000,
      calls: this.#calls,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      latency: this.#histogram.toCounts(),
      cpu,
      serverPeakRssBytes: peakRssBytesOf(job.serverPid),
    };
  }

  close(): void {
    this.#maker.close();
  }

  async #open(): Promise<void> {
    const { inFlight, connections, mayRefuse = false } = this.job;
    const opened = await this.#maker.open((connection) => ({
      answered: (exchange) => {
        this.#answered(exchange);
        this.#idle.push({ connection: connection(), exchange });
      },
      refused: (exchange) => {
        if (!mayRefuse) this.#fail(new Error("a call was refused: RESOURCE_EXHAUSTED"));
        this.#refused++;
        this.#idle.push({ connection: connection(), exchange });
      },
      failed: this.#fail,
    }));
    for (let i = 0; i < inFlight; i++) {
      const connection = opened[i % connections];
      if (connection && i / connections < connection.maxConcurrent) {
        this.#idle.push({ connection, exchange: this.#maker.createExchange() });
      }
    }
  }

  /** Makes what is due, every millisecond, until then. */
  async #until(untilMs: number): Promise<void> {
    while (performance.now() < untilMs) {
      this.#sendDue();
      await Promise.race([this.#failed, setTimeout(1)]);
    }
  }

  #sendDue(): void {
    const now = performance.now();
    const touched = new Set<Http2Connection>();
    while (this.#maker.made < this.#last) {
      const dueMs = this.#startedMs + (this.#maker.made * 1000) / this.rate;
      const idle = dueMs <= now ? this.#idle.shift() : undefined;
      if (!idle) break;
      this.#maker.call(idle.connection, idle.exchange, dueMs);
      touched.add(idle.connection);
    }
    for (const connection of touched) connection.flush();
  }

  #answered({ startedMs }: Exchange): void {
    this.#acknowledged++;
    if (startedMs < this.#measured.fromMs || startedMs >= this.#measured.toMs) return;
    this.#calls++;
    this.#histogram.record((performance.now() - startedMs) * 1000);
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + drainMs;
    const missing = (): number => this.#last - this.#acknowledged - this.#refused;
    while (missing() > 0 && performance.now() < deadline) {
      this.#sendDue();
      await Promise.race([this.#failed, setTimeout(1)]);
    }
    if (missing() > 0) {
      throw new Error(
        `${missing()} calls were not answered ${drainMs} ms after the end: ${this.rate}/s is more than the server can do`,
      );
    }
  }
}
