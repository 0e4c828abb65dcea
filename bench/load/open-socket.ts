import { connect, type Socket } from "node:net";

/**
 * Connects. What comes is handed over in memory that is used again: it is to be read at once.
 *
 * @param address "host:port"
 * @param readBytes of one read, at most
 */
export function openSocket(
  address: string,
  readBytes: number,
  take: (bytes: Buffer) => void,
): Socket {
  const colon = address.lastIndexOf(":");
  return connect({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(readBytes),
      callback: (length, buffer) => {
        take((buffer as Buffer).subarray(0, length));
        return true;
      },
    },
  });
}
