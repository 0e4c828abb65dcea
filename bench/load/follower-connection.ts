import type { Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { ReadAllRequestSchema } from "@annals/proto/annals/v1/event_store";
import { FrameReader, type TakeFrame } from "./frame-reader.js";
import { encodeHeaderBlock } from "./hpack-encode.js";
import {
  clientPreface,
  defaultWindowBytes,
  frame,
  frameFlag,
  frameType,
  maxWindowBytes,
  setting,
  settingsFrame,
  windowUpdateFrame,
} from "./http2-frames.js";
import { openSocket } from "./open-socket.js";

/** Bytes of a socket's reads, at most. */
const readBytes = 262_144;

/** A call that follows a log. */
interface FollowerCall {
  /** DATA bytes since the server was last told that it may send more. */
  received: number;
  readonly onAnswer: () => void;
}

/**
 * Follows logs over one HTTP/2 connection (RFC 9113), and looks at nothing of what comes but the frames'
 * headers: a thousand followers are to cost the server, not the machine that it shares with them.
 */
export class FollowerConnection {
  readonly #calls = new Map<number, FollowerCall>();
  /** DATA bytes of all calls since the server was last told that it may send more. */
  #received = 0;
  #nextStream = 1;

  /** DATA bytes that have come in all. */
  receivedBytes = 0;

  /** @param stalled lets the server send what it may at first, and no more */
  constructor(
    private readonly address: string,
    private readonly socket: Socket,
    private readonly stalled: boolean,
  ) {
    socket.write(clientPreface);
    const window = stalled ? defaultWindowBytes : maxWindowBytes;
    socket.write(settingsFrame([[setting.initialWindowSize, window]]));
    if (!stalled) socket.write(windowUpdateFrame(0, maxWindowBytes - defaultWindowBytes));
  }

  /** @param address "host:port" */
  static open(address: string, stalled: boolean): Promise<FollowerConnection> {
    return new Promise((resolve, reject) => {
      const reader = new FrameReader((...given) => {
        connection.#takeFrame(...given);
      });
      const socket = openSocket(address, readBytes, (bytes) => {
        reader.push(bytes);
      });
      const connection = new FollowerConnection(address, socket, stalled);
      socket.once("error", reject);
      socket.once("connect", () => {
        resolve(connection);
      });
    });
  }

  /** Follows a tenant's log from its start; resolves with the first answer. */
  follow(tenant: string): Promise<void> {
    const message = toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema, { follow: true }));
    const body = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
    const headers = encodeHeaderBlock([
      [":method", "POST"],
      [":scheme", "http"],
      [":path", "/annals.v1.EventStore/ReadAll"],
      [":authority", this.address],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["x-tenant-id", tenant],
    ]);
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.socket.write(frame(frameType.headers, frameFlag.endHeaders, stream, headers));
    this.socket.write(frame(frameType.data, frameFlag.endStream, stream, body));
    return new Promise((onAnswer) => {
      this.#calls.set(stream, { received: 0, onAnswer });
    });
  }

  readonly #takeFrame: TakeFrame = (type, flags, stream, bytes, start, end) => {
    switch (type) {
      case frameType.data:
        this.#takeData(stream, end - start);
        break;
      case frameType.settings:
        if ((flags & frameFlag.ack) === 0) {
          this.socket.write(frame(frameType.settings, frameFlag.ack, 0, Buffer.alloc(0)));
        }
        break;
      case frameType.ping:
        if ((flags & frameFlag.ack) === 0) {
          this.socket.write(frame(frameType.ping, frameFlag.ack, 0, bytes.subarray(start, end)));
        }
        break;
      case frameType.headers:
        if ((flags & frameFlag.endStream) === 0) break;
        throw new Error(`HTTP/2: stream ${stream}, which follows, was ended`);
      case frameType.rstStream:
      case frameType.goAway:
        throw new Error("HTTP/2: the server ended what follows");
      default: // windows for requests, which are sent already
    }
  };

  #takeData(stream: number, length: number): void {
    const call = this.#calls.get(stream);
    if (!call) throw new Error(`HTTP/2: DATA for stream ${stream}, which is not open`);
    call.onAnswer();
    call.received += length;
    this.#received += length;
    this.receivedBytes += length;
    if (this.stalled) return;
    if (call.received > maxWindowBytes / 2) {
      this.socket.write(windowUpdateFrame(stream, call.received));
      call.received = 0;
    }
    if (this.#received > maxWindowBytes / 2) {
      this.socket.write(windowUpdateFrame(0, this.#received));
      this.#received = 0;
    }
  }
}
