import { Code, ConnectError } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Compression } from "@connectrpc/connect/protocol";
import { AnnalsError, invalidArgument } from "../../domain/error.js";
import { messageTooLarge } from "./connect-error.js";
import type { Exchange } from "./exchange.js";
import type { NodeRequest } from "./listener.js";

/** The compressions understood, both ways. */
export const compressions: readonly Compression[] = [compressionGzip, compressionBrotli];

/**
 * The body of a request that is one message.
 *
 * @param maxBytes the largest, before and after it is decompressed
 * @throws AnnalsError limit_exceeded; unimplemented or invalid_argument for a compression; cancelled
 *   when it ends before it is whole
 */
export async function readMessage(
  request: NodeRequest,
  { header }: Exchange,
  maxBytes: number,
): Promise<Uint8Array> {
  const [encoding = "identity"] = header("content-encoding");
  const compression = compressions.find(({ name }) => name === encoding);
  if (!compression && encoding !== "identity") {
    const known = compressions.map(({ name }) => name).join(" or ");
    throw new AnnalsError({
      reason: "unimplemented",
      description: `content-encoding must be ${known}`,
    });
  }
  const bytes = await readAll(request, maxBytes);
  return compression ? decompress(bytes, compression, maxBytes) : bytes;
}

async function decompress(
  bytes: Uint8Array,
  { name, decompress: by }: Compression,
  maxBytes: number,
): Promise<Uint8Array> {
  try {
    return await by(bytes, maxBytes);
  } catch (error) {
    if (ConnectError.from(error).code === Code.ResourceExhausted) throw messageTooLarge(maxBytes);
    throw invalidArgument("request", `is not compressed with ${name}`);
  }
}

async function readAll(request: NodeRequest, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // The request is kept when it is left early: its connection has the answer to carry.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer;
      size += bytes.byteLength;
      if (size > maxBytes) throw messageTooLarge(maxBytes, size);
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof AnnalsError) throw error;
    throw new AnnalsError({ reason: "cancelled", outcomeUnknown: false }, { cause: error });
  }
  return Buffer.concat(chunks);
}
