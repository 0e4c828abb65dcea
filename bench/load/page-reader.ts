import { once } from "node:events";
import { connect } from "node:http2";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { startCpuMeter } from "./cpu-meter.js";
import { peakRssBytesOf } from "./process-memory.js";

/** What to read: streaming calls, one after the other, whose answers are pages of events. */
export interface ReadJob {
  /** "host:port". */
  readonly address: string;
  /** The process whose CPU time and memory are read, where they can be. */
  readonly serverPid: number;
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The request's bytes. */
  readonly request: Uint8Array;
  readonly calls: number;
  /** Where an answer holds its events: a field, and fields of fields. */
  readonly eventsAt: readonly number[];
}

/** What the server may send ahead of the reader. */
const windowBytes = 16_777_216;

/** What came. */
export interface ReadResult {
  readonly seconds: number;
  readonly events: number;
  readonly bytes: number;
  /** User and system. Undefined where the system does not tell. */
  readonly serverCpuSeconds: number | undefined;
  /** Since the server started. Undefined where the system does not tell. */
  readonly serverPeakRssBytes: number | undefined;
}

/** Runs a job in a thread of its own: events are counted, not decoded. @throws Error when a call fails */
export async function readPages(job: ReadJob): Promise<ReadResult> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function run(job: ReadJob): Promise<ReadResult> {
  const session = connect(`http://${job.address}`, {
    settings: { initialWindowSize: windowBytes },
  });
  await once(session, "connect");
  session.setLocalWindowSize(windowBytes);
  const cpuUsed = startCpuMeter(job.serverPid);
  const started = performance.now();
  let [events, bytes] = [0, 0];
  for (let i = 0; i < job.calls; i++) {
    const counter = new PageCounter(job.eventsAt);
    const stream = session.request({
      ":method": "POST",
      ":path": job.path,
      "content-type": "application/grpc",
      te: "trailers",
      ...job.metadata,
    });
    let status = "none";
    stream.on("trailers", (trailers: Readonly<Record<string, unknown>>) => {
      status = String(trailers["grpc-status"]);
    });
    stream.end(framed(job.request));
    for await (const chunk of stream as AsyncIterable<Buffer>) counter.take(chunk);
    if (status !== "0") throw new Error(`a read ended with gRPC status ${status}`);
    events += counter.events;
    bytes += counter.bytes;
  }
  const seconds = (performance.now() - started) / 1000;
  session.close();
  const serverCpuSeconds = cpuUsed().server;
  const serverPeakRssBytes = peakRssBytesOf(job.serverPid);
  return { seconds, events, bytes, serverCpuSeconds, serverPeakRssBytes };
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Counts the events of the answers. */
class PageCounter {
  events = 0;
  bytes = 0;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Length of the message under way with its frame head; 0 when not known yet. */
  #wanted = 0;

  constructor(private readonly eventsAt: readonly number[]) {}

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    for (;;) {
      if (this.#wanted === 0 && this.#held >= 5) this.#wanted = 5 + this.#join().readUInt32BE(1);
      if (this.#wanted === 0 || this.#held < this.#wanted) return;
      const all = this.#join();
      this.#count(all, 5, this.#wanted, this.eventsAt);
      this.#chunks = [all.subarray(this.#wanted)];
      this.#held -= this.#wanted;
      this.#wanted = 0;
    }
  }

  #join(): Buffer {
    if (this.#chunks.length === 1 && this.#chunks[0]) return this.#chunks[0];
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #count(bytes: Buffer, start: number, end: number, [wanted, ...rest]: readonly number[]): void {
    for (const field of fieldsOf(bytes, start, end)) {
      if (field.no !== wanted) continue;
      if (rest.length === 0) this.events++;
      else this.#count(bytes, field.start, field.end, rest);
    }
  }
}

/** The length-delimited fields of a message: https://protobuf.dev/programming-guides/encoding */
function* fieldsOf(
  bytes: Buffer,
  start: number,
  end: number,
): Generator<{ no: number; start: number; end: number }> {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < end) {
    const tag = varint();
    const length = varint(); // of a field of another kind, its value
    if ((tag & 7) !== 2) continue;
    yield { no: tag >>> 3, start: at, end: at + length };
    at += length;
  }
}

if (!isMainThread && parentPort) parentPort.postMessage(await run(workerData as ReadJob));
