import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

/** How long things take at most, in milliseconds. */
export interface SessionTimes {
  /** To open a connection, TLS included. */
  readonly openTimeoutMs: number;
  /** How long a connection may say nothing before it is pinged: with a call on it, or before the next one. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** How long a connection without calls is kept. */
  readonly idleTimeoutMs: number;
}

/** One HTTP/2 connection: its errors are heard until it has ended, whoever uses it still. */
export class Http2Session {
  readonly #http2: ClientHttp2Session;
  readonly #opened: Promise<Error | undefined>;
  #streams = 0;
  /** By the wall clock, which goes on while the machine sleeps. */
  #heardAt = Date.now();
  #pinging: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tooManyPings = false;

  constructor(
    origin: string,
    private readonly times: SessionTimes,
    onEnd: () => void,
  ) {
    this.#http2 = connect(origin);
    this.#opened = new Promise((resolve) => {
      this.#after(times.openTimeoutMs, () => {
        this.end(new ConnectError("no connection in time", Code.Unavailable));
      });
      this.#http2
        .once("connect", () => {
          this.#rest();
          resolve(undefined);
        })
        .on("error", resolve)
        .on("goaway", (_code, _last, text) => {
          this.#tooManyPings ||= Buffer.from(text ?? []).toString() === "too_many_pings";
        })
        .once("close", () => {
          clearTimeout(this.#timer);
          resolve(new ConnectError("the connection was closed", Code.Unavailable));
          onEnd();
        });
    });
  }

  /** Whether it takes requests, as far as is known: it may be opening still. */
  get usable(): boolean {
    return !this.#http2.closed && !this.#http2.destroyed;
  }

  /** Whether the server has ended it because it was pinged too often. */
  get tooManyPings(): boolean {
    return this.#tooManyPings;
  }

  /**
   * Waits until it is open, and after a long silence for whether it still is.
   *
   * @returns why it could not be opened
   */
  async ready(): Promise<Error | undefined> {
    const failure = await this.#opened;
    if (!failure && this.usable && this.#silentMs() > this.times.pingIntervalMs) {
      this.#http2.ref();
      await this.#ping();
      if (this.#streams === 0) this.#http2.unref();
    }
    return failure;
  }

  request(headers: OutgoingHttpHeaders, options: ClientSessionRequestOptions): ClientHttp2Stream {
    const stream = this.#http2.request(headers, options);
    stream
      .once("response", () => {
        this.#heardAt = Date.now();
      })
      .once("close", () => {
        if (--this.#streams === 0) this.#rest();
      });
    if (++this.#streams === 1) {
      this.#http2.ref();
      this.#watch(this.times.pingIntervalMs);
    }
    return stream;
  }

  /** Notes that something came on a stream, if it is one of this connection. */
  heard(stream: ClientHttp2Stream): void {
    if (stream.session === this.#http2) this.#heardAt = Date.now();
  }

  /** Ends it with all its streams, at once. */
  end(reason: Error): void {
    this.#http2.destroy(reason, constants.NGHTTP2_CANCEL);
  }

  /** Without calls it keeps no process alive, and is closed after a while. */
  #rest(): void {
    this.#http2.unref();
    this.#after(this.times.idleTimeoutMs, () => {
      this.#http2.close();
    });
  }

  /** Looks now and then whether the other side still is there. */
  #watch(ms: number): void {
    this.#after(ms, () => void this.#keepAlive());
  }

  async #keepAlive(): Promise<void> {
    const { pingIntervalMs } = this.times;
    if (this.#silentMs() >= pingIntervalMs) await this.#ping();
    if (this.#streams > 0 && this.usable) this.#watch(pingIntervalMs - this.#silentMs());
  }

  /** Pings, and waits until it has been heard or has ended: it is ended if nothing comes in time. */
  #ping(): Promise<void> {
    return (this.#pinging ??= new Promise<void>((resolve) => {
      const before = this.#heardAt;
      const timer = setTimeout(() => {
        if (this.#heardAt === before)
          this.end(new ConnectError("PING timed out", Code.Unavailable));
        resolve();
      }, this.times.pingTimeoutMs);
      this.#http2.ping((error) => {
        clearTimeout(timer);
        if (!error) this.#heardAt = Date.now();
        resolve();
      });
    }).finally(() => (this.#pinging = undefined)));
  }

  #silentMs(): number {
    return Math.max(0, Date.now() - this.#heardAt);
  }

  /** Does one thing later: it takes the place of what was to be done then, and keeps no process alive. */
  #after(ms: number, run: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, ms).unref();
  }
}
