import type { Socket } from "node:net";
import { AnswerCheck } from "./answer-check.js";
import { decodeHeaderBlock } from "./hpack-decode.js";
import { FrameReader } from "./frame-reader.js";
import {
  clientPreface,
  defaultMaxFrameBytes,
  defaultWindowBytes,
  frame,
  frameFlag,
  frameHeaderBytes,
  frameType,
  maxWindowBytes,
  setting,
  settingsFrame,
  windowUpdateFrame,
  writeFrameHeader,
} from "./http2-frames.js";
import { openSocket } from "./open-socket.js";

/** One request at a time, and what is known of its answer. Its owner uses it again and again. */
export class Exchange {
  /** DATA bytes of the answer so far. */
  answerBytes = 0;
  /** How much of `body` is sent. */
  sent = 0;
  /** How much the peer still takes on this stream. */
  window = 0;
  /** When the request was made, in milliseconds; the owner's. */
  startedMs = 0;

  /**
   * @param headers a header block, and
   * @param body a gRPC message with its prefix: both are the owner's to change between requests
   */
  constructor(
    public headers: Buffer,
    readonly body: Buffer,
  ) {}
}

/** Who is told of what happens on a connection. */
export interface ConnectionListener {
  /** An answer was complete and OK. A next request may be sent at once. */
  answered(exchange: Exchange): void;
  /** The same for an answer that was RESOURCE_EXHAUSTED. */
  refused(exchange: Exchange): void;
  /** The connection is of no more use: an answer was not OK, or the peer broke off. Told once. */
  failed(error: Error): void;
}

/** Bytes of a socket's reads, at most. */
const readBytes = 65_536;

/**
 * An HTTP/2 client connection (RFC 9113) that does what gRPC unary calls under load need and no
 * more, at as little CPU time as may be: memory is used again, header blocks are sent ready-made, of
 * answers only the end is looked at, and what one read of the socket causes goes out in one write.
 */
export class Http2Connection {
  readonly #exchanges = new Map<number, Exchange>();
  /** Streams with body left to send, because a window was full. */
  readonly #unsent = new Map<number, Exchange>();
  readonly #check = new AnswerCheck();
  readonly #reader: FrameReader;
  #socket!: Socket;
  #out: Buffer = Buffer.allocUnsafe(1 << 16);
  #outBytes = 0;
  #nextStream = 1;
  /** How much the peer still takes on the connection, and on a stream at its start. */
  #window = defaultWindowBytes;
  #streamWindow = defaultWindowBytes;
  #maxFrameBytes = defaultMaxFrameBytes;
  /** DATA bytes taken since the peer was last told that it may send more. */
  #received = 0;
  #sawHeaders = false;
  #closed = false;
  /** Most calls at a time that the peer allows. */
  #maxConcurrent = Infinity;
  #ready: (() => void) | undefined;

  private constructor(private readonly listener: ConnectionListener) {
    this.#reader = new FrameReader((type, flags, stream, bytes, start, end) => {
      this.#takeFrame(type, flags, stream, bytes, start, end);
    });
  }

  /**
   * Connects; resolves when the peer's settings are known.
   *
   * @param address "host:port"
   */
  static open(address: string, listener: ConnectionListener): Promise<Http2Connection> {
    const connection = new Http2Connection(listener);
    return new Promise((resolve, reject) => {
      connection.#ready = () => {
        resolve(connection);
      };
      const socket = openSocket(address, readBytes, (bytes) => {
        connection.#takeChunk(bytes);
      });
      connection.#socket = socket;
      socket.once("error", (error) => {
        reject(error);
        connection.#fail(error);
      });
      socket.once("close", () => {
        const error = new Error("the server closed the connection");
        reject(error);
        connection.#fail(error);
      });
      connection.#put(clientPreface);
      connection.#put(
        settingsFrame([
          [setting.headerTableSize, 0],
          [setting.enablePush, 0],
          [setting.initialWindowSize, maxWindowBytes],
        ]),
      );
      connection.#put(windowUpdateFrame(0, maxWindowBytes - defaultWindowBytes));
      connection.flush();
    });
  }

  /** Most calls at a time that the peer allows. */
  get maxConcurrent(): number {
    return this.#maxConcurrent;
  }

  /** Puts a request in line; it goes out with flush, or by itself after the read that it answers. */
  send(exchange: Exchange): void {
    const { headers, body } = exchange;
    const stream = this.#nextStream;
    this.#nextStream += 2;
    exchange.answerBytes = 0;
    exchange.sent = 0;
    exchange.window = this.#streamWindow;
    this.#exchanges.set(stream, exchange);

    this.#reserve(headers.length + body.length + 2 * frameHeaderBytes);
    const { endHeaders } = frameFlag;
    this.#header(headers.length, frameType.headers, endHeaders, stream);
    this.#outBytes += headers.copy(this.#out, this.#outBytes);
    this.#sendBody(stream, exchange);
    if (exchange.sent < body.length) this.#unsent.set(stream, exchange);
  }

  /** Sends what is in line. */
  flush(): void {
    if (this.#outBytes === 0 || this.#closed) return;
    // The socket keeps what it is given until it is sent, so it is given a copy.
    this.#socket.write(Buffer.from(this.#out.subarray(0, this.#outBytes)));
    this.#outBytes = 0;
  }

  /** Breaks the connection off. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.listener.failed(error);
  }

  #takeChunk(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#reader.push(chunk);
      this.flush();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #takeFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case frameType.data:
        this.#takeData(flags, stream, end - start);
        break;
      case frameType.headers:
        this.#takeHeaders(flags, stream, bytes, start, end);
        break;
      case frameType.settings:
        this.#takeSettings(flags, bytes, start, end);
        break;
      case frameType.ping:
        if ((flags & frameFlag.ack) === 0) {
          this.#put(frame(frameType.ping, frameFlag.ack, 0, bytes.subarray(start, end)));
        }
        break;
      case frameType.windowUpdate:
        this.#takeWindowUpdate(stream, bytes.readUInt32BE(start) & 0x7fff_ffff);
        break;
      case frameType.rstStream:
        // One that is done already may still be reset, by a peer that tidies up.
        if (!this.#exchanges.has(stream)) break;
        throw new Error(`HTTP/2: a call was reset with code ${bytes.readUInt32BE(start)}`);
      case frameType.goAway:
        throw new Error(`HTTP/2: the server went away with code ${bytes.readUInt32BE(start + 4)}`);
      case frameType.continuation:
      case frameType.pushPromise:
        throw new Error(`HTTP/2: frame type ${type} was not expected`);
      default: // PRIORITY, and whatever is not known, is passed over (section 5.5)
    }
  }

  #takeData(flags: number, stream: number, length: number): void {
    const exchange = this.#exchanges.get(stream);
    if (!exchange) throw new Error(`HTTP/2: DATA for stream ${stream}, which is not open`);
    if ((flags & frameFlag.endStream) !== 0) throw new Error("an answer ended without trailers");
    exchange.answerBytes += length;
    this.#received += length;
    if (this.#received > maxWindowBytes / 2) {
      this.#put(windowUpdateFrame(0, this.#received));
      this.#received = 0;
    }
  }

  #takeHeaders(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & frameFlag.endHeaders) === 0) throw new Error("HTTP/2: headers in several frames");
    if ((flags & frameFlag.padded) !== 0) end -= bytes.readUInt8(start++);
    if ((flags & frameFlag.priority) !== 0) start += 5;
    if (!this.#sawHeaders) {
      // It must own up to the empty table in its first block (RFC 7541, section 4.2).
      if (bytes.readUInt8(start) !== 0x20) throw new Error("HPACK: the peer's table is not empty");
      decodeHeaderBlock(Buffer.from(bytes.subarray(start, end)));
      this.#sawHeaders = true;
    }
    if ((flags & frameFlag.endStream) === 0) return;
    const exchange = this.#exchanges.get(stream);
    if (!exchange) throw new Error(`HTTP/2: HEADERS for stream ${stream}, which is not open`);
    const outcome = this.#check.check(bytes, start, end, exchange.answerBytes);
    if (exchange.sent < exchange.body.length) throw new Error("an answer came before its request");
    this.#exchanges.delete(stream);
    if (outcome === "ok") this.listener.answered(exchange);
    else this.listener.refused(exchange);
  }

  #takeSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & frameFlag.ack) !== 0) return;
    for (let at = start; at + 6 <= end; at += 6) {
      const value = bytes.readUInt32BE(at + 2);
      switch (bytes.readUInt16BE(at)) {
        case setting.maxConcurrentStreams:
          this.#maxConcurrent = value;
          break;
        case setting.initialWindowSize:
          for (const exchange of this.#exchanges.values()) {
            exchange.window += value - this.#streamWindow;
          }
          this.#streamWindow = value;
          break;
        case setting.maxFrameSize:
          this.#maxFrameBytes = value;
          break;
        default: // says nothing about what is done here
      }
    }
    this.#put(frame(frameType.settings, frameFlag.ack, 0, Buffer.alloc(0)));
    this.#ready?.();
    this.#ready = undefined;
  }

  #takeWindowUpdate(stream: number, bytes: number): void {
    if (stream === 0) this.#window += bytes;
    else {
      const exchange = this.#exchanges.get(stream);
      if (exchange) exchange.window += bytes;
    }
    for (const [id, exchange] of this.#unsent) {
      if (this.#window === 0) break;
      this.#sendBody(id, exchange);
      if (exchange.sent === exchange.body.length) this.#unsent.delete(id);
    }
  }

  /** Sends of a body what the windows take. */
  #sendBody(stream: number, exchange: Exchange): void {
    const { body } = exchange;
    while (exchange.sent < body.length) {
      const left = body.length - exchange.sent;
      const length = Math.min(left, this.#window, exchange.window, this.#maxFrameBytes);
      if (length <= 0) return;
      const flags = length === left ? frameFlag.endStream : 0;
      this.#header(length, frameType.data, flags, stream);
      this.#reserve(length);
      this.#outBytes += body.copy(this.#out, this.#outBytes, exchange.sent, exchange.sent + length);
      exchange.sent += length;
      exchange.window -= length;
      this.#window -= length;
    }
  }

  #header(length: number, type: number, flags: number, stream: number): void {
    this.#reserve(frameHeaderBytes);
    this.#outBytes = writeFrameHeader(this.#out, this.#outBytes, length, type, flags, stream);
  }

  #put(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#outBytes += bytes.copy(this.#out, this.#outBytes);
  }

  #reserve(bytes: number): void {
    if (this.#outBytes + bytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#outBytes + bytes));
    this.#out.copy(larger, 0, 0, this.#outBytes);
    this.#out = larger;
  }
}
