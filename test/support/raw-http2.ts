import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Kinds of frame (RFC 9113, section 6). */
export const frameType = {
  data: 0x0,
  headers: 0x1,
  rstStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  continuation: 0x9,
} as const;

/** Flags of frames; a PING's or SETTINGS' ack is the bit that ends a stream elsewhere. */
export const flags = { none: 0x0, endStream: 0x1, ack: 0x1, endHeaders: 0x4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** One HTTP/2 connection of frames made by hand: what no library would send. */
export interface RawHttp2 {
  /** The frames that came so far, SETTINGS among them. */
  readonly frames: readonly Frame[];
  /** Whether the server has closed the connection. */
  readonly closed: boolean;
  /** Writes bytes as they are; resolves when they are on their way, or the connection is gone. */
  write(...parts: readonly Buffer[]): Promise<void>;
  /** Resolves when a condition holds, looked at again after everything that comes; rejects when the time is up. */
  until(holds: () => boolean, timeoutMs?: number): Promise<void>;
  destroy(): void;
}

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Connects; `greet`: false says nothing yet. */
export async function openRawHttp2(address: string, greet = true): Promise<RawHttp2> {
  const colon = address.lastIndexOf(":");
  const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
  await once(socket, "connect");
  const raw = overSocket(socket);
  if (greet) await raw.write(preface, frame(frameType.settings, flags.none, 0));
  return raw;
}

function overSocket(socket: Socket): RawHttp2 {
  const frames: Frame[] = [];
  const checks = new Set<() => void>();
  let rest = Buffer.alloc(0);
  let closed = false;
  const changed = (): void => {
    for (const check of checks) check();
  };
  socket.on("error", () => undefined); // a reset connection closes as well
  socket.on("close", () => {
    closed = true;
    changed();
  });
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const size = rest.length < 9 ? Infinity : 9 + rest.readUIntBE(0, 3);
      if (rest.length < size) break;
      frames.push({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        streamId: rest.readUInt32BE(5),
        payload: rest.subarray(9, size),
      });
      rest = rest.subarray(size);
    }
    changed();
  });
  return {
    frames,
    get closed() {
      return closed;
    },
    write: async (...parts) => {
      if (closed || socket.write(Buffer.concat(parts))) return;
      await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
    },
    until: (holds, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          checks.delete(check);
          reject(new Error("the time is up"));
        }, timeoutMs);
        const check = (): void => {
          if (!holds()) return;
          clearTimeout(timer);
          checks.delete(check);
          resolve();
        };
        checks.add(check);
        check();
      }),
    destroy: () => socket.destroy(),
  };
}

/** A frame's bytes. */
export function frame(
  type: number,
  frameFlags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(frameFlags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A header block of literals, neither indexed nor Huffman coded (RFC 7541, section 6.2.2). */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([0]),
      literal(name),
      literal(value),
    ]),
  );
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [Math.min(bytes.length, 127)];
  for (let left = bytes.length - 127; left >= 0; left = left < 128 ? -1 : left >> 7) {
    length.push(left < 128 ? left : (left & 127) | 128);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
