import { mayHaveMany } from "../codec/field-count.js";

/** Flags, of which the first says that the message is compressed, and the message's length. */
const headBytes = 5;
const compressed = 1;

/**
 * The body of a request in envelopes (https://connectrpc.com/docs/protocol#streaming-rpcs, and gRPC's own, which is
 * the same), where every message that may have too many fields is held until it is whole, and checked before it is
 * passed on. Those that are compressed are not: who decompresses them checks them.
 *
 * @param maxBytes the largest message; a larger one is left to who reads it
 * @throws what `check` throws
 */
export async function* checkedEnvelopes(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  check: (message: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let wantedBytes = headBytes;
  let unseenBytes = 0;
  for await (const chunk of body) {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const part = rest.subarray(0, unseenBytes || wantedBytes - heldBytes);
      rest = rest.subarray(part.byteLength);
      if (unseenBytes > 0) {
        unseenBytes -= part.byteLength;
        yield part;
        continue;
      }
      held.push(part);
      heldBytes += part.byteLength;
      if (heldBytes < wantedBytes) continue;
      const bytes = Buffer.concat(held);
      const length = bytes.readUInt32BE(1);
      const isLarge =
        mayHaveMany(length) && length <= maxBytes && !(bytes.readUInt8() & compressed);
      if (isLarge && heldBytes === headBytes) {
        held = [bytes];
        wantedBytes = headBytes + length;
        continue;
      }
      if (isLarge) check(bytes.subarray(headBytes));
      else unseenBytes = length;
      [held, heldBytes, wantedBytes] = [[], 0, headBytes];
      yield bytes;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held); // cut short
}
