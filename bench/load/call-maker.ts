import { encodeHeaderBlock } from "./hpack-encode.js";
import { type ConnectionListener, Exchange, Http2Connection } from "./http2-connection.js";
import type { LoadJob } from "./load-job.js";
import { RequestStamp } from "./request-stamp.js";

/** gRPC's prefix of a message: not compressed, and its length. */
const messagePrefixBytes = 5;

/** Makes a job's calls: each with bytes of its own, its metadata in turn. Who calls when is not its business. */
export class CallMaker {
  readonly #stamp: RequestStamp;
  readonly #headers: readonly Buffer[];
  readonly #connections: Http2Connection[] = [];
  #made = 0;

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

  /** Calls made so far. */
  get made(): number {
    return this.#made;
  }

  /** Opens the job's connections. @param listen who is told of what happens on each */
  async open(
    listen: (connection: () => Http2Connection) => ConnectionListener,
  ): Promise<readonly Http2Connection[]> {
    for (let i = 0; i < this.job.connections; i++) {
      const listener = listen(() => this.#connections[i] ?? connection);
      const connection: Http2Connection = await Http2Connection.open(this.job.address, listener);
      this.#connections.push(connection);
    }
    return this.#connections;
  }

  /** A call's memory, to be used again and again. */
  createExchange(): Exchange {
    const { message } = this.job.request;
    const body = Buffer.alloc(messagePrefixBytes + message.length);
    body.writeUInt32BE(message.length, 1);
    body.set(message, messagePrefixBytes);
    return new Exchange(Buffer.alloc(0), body);
  }

  /** @param startedMs from when the call's latency counts, by performance.now() */
  call(connection: Http2Connection, exchange: Exchange, startedMs: number): void {
    exchange.headers = this.#headers[this.#made++ % this.#headers.length] ?? exchange.headers;
    this.#stamp.stamp(exchange.body, messagePrefixBytes, Date.now());
    exchange.startedMs = startedMs;
    connection.send(exchange);
  }

  /** Breaks off whatever is open. */
  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
