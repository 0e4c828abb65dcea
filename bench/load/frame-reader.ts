import { defaultMaxFrameBytes, frameHeaderBytes } from "./http2-frames.js";

/**
 * Takes a frame: its payload is `bytes` from `start` to `end`, to be read before returning, for the
 * memory is used again.
 */
export type TakeFrame = (
  type: number,
  flags: number,
  stream: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/** Cuts what comes out of a socket into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly take: TakeFrame) {}

  /**
   * Takes what has come, in memory that is used again afterwards.
   *
   * @throws Error when a frame is larger than was allowed; whatever `take` throws
   */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const length = bytes.readUIntBE(at, 3);
      if (length > defaultMaxFrameBytes) throw new Error(`HTTP/2: a frame of ${length} bytes`);
      const start = at + frameHeaderBytes;
      const end = start + length;
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      this.take(bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), stream, bytes, start, end);
      at = end;
    }
    // A copy, and only of what is left: the chunk's memory is the socket's.
    this.#rest = Buffer.from(bytes.subarray(at));
  }
}
