import { BinaryWriter } from "./binary-writer.js";

// Arrays as parameters of the driver's own, which it sends as binary.

/** bigint[] */
export function int8Array(values: readonly bigint[]): Buffer {
  return written((writer) => {
    writer.int8Array(values);
  });
}

/** uuid[], of their form with 36 characters */
export function uuidArray(values: readonly string[]): Buffer {
  return written((writer) => {
    writer.uuidArray(values);
  });
}

/** bytea[] */
export function byteaArray(values: readonly Uint8Array[]): Buffer {
  return written((writer) => {
    writer.byteaArray(values, values.length);
  });
}

function written(write: (writer: BinaryWriter) => void): Buffer {
  const writer = new BinaryWriter(512);
  write(writer);
  return writer.written();
}
