import {
  type ClientHttp2Session,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { anyUnpack, AnySchema } from "@bufbuild/protobuf/wkt";
import { type ErrorDetail, ErrorDetailSchema } from "@annals/proto/annals/v1/error";

/** A gRPC call made by hand: nothing that the server says of it is lost. */
export interface RawGrpcCall {
  /** The messages that came so far. */
  readonly messages: readonly Uint8Array[];
  /** Every byte that came so far: the body, and all values of headers and trailers. */
  said(): Buffer;
  /** Resolves with the gRPC status; rejects when the connection breaks or the call has none. */
  readonly ended: Promise<number>;
  /** The typed detail of a failed call, once it has ended. */
  detail(): ErrorDetail | undefined;
  /** Resolves when a condition on the messages holds; rejects when the call ends before, or after ten seconds. */
  until(holds: () => boolean): Promise<void>;
  cancel(): void;
}

/** A connection for such calls. */
export interface RawGrpc {
  /** @param method such as "annals.v1.EventStore/Append" */
  call(method: string, headers: OutgoingHttpHeaders, requests: readonly Uint8Array[]): RawGrpcCall;
  close(): void;
}

/** Connects without TLS. */
export function openRawGrpc(address: string): RawGrpc {
  const session = connect(`http://${address}`);
  session.on("error", () => undefined); // each call on it says so
  return {
    call: (method, headers, requests) => startCall(session, method, headers, requests),
    close: () => {
      session.destroy();
    },
  };
}

function startCall(
  session: ClientHttp2Session,
  method: string,
  headers: OutgoingHttpHeaders,
  requests: readonly Uint8Array[],
): RawGrpcCall {
  const stream = session.request({
    ":method": "POST",
    ":path": `/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const body: Buffer[] = [];
  const values: Buffer[] = [];
  const messages: Uint8Array[] = [];
  const waiting = new Set<() => void>();
  let rest = Buffer.alloc(0);
  let status: string | undefined;
  let details = "";
  const take = (came: IncomingHttpHeaders): void => {
    for (const [name, value] of Object.entries(came)) {
      const text = String(value);
      values.push(Buffer.from(`\n${name}: ${unescaped(text)}\n`));
      if (name.endsWith("-bin")) values.push(Buffer.from(text, "base64"));
    }
    const code = came["grpc-status"];
    if (code !== undefined) status ??= String(code);
    details ||= String(came["grpc-status-details-bin"] ?? "");
  };
  stream.on("response", take).on("trailers", take);
  stream.on("data", (chunk: Buffer) => {
    body.push(chunk);
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const size = rest.length < 5 ? Infinity : 5 + rest.readUInt32BE(1);
      if (rest.length < size) break;
      messages.push(rest.subarray(5, size));
      rest = rest.subarray(size);
    }
    for (const check of waiting) check();
  });
  const ended = new Promise<number>((resolve, reject) => {
    stream.on("error", reject).on("close", () => {
      if (status === undefined) reject(new Error("the call ended without a status"));
      else resolve(Number(status));
    });
  });
  ended.catch(() => undefined);
  for (const request of requests) stream.write(framed(request));
  stream.end();
  return {
    messages,
    said: () => Buffer.concat([...body, ...values]),
    ended,
    detail: () => detailOf(Buffer.from(details, "base64")),
    until: (holds) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error("what was waited for did not come"));
        }, 10_000);
        const check = (): void => {
          if (!holds()) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        ended
          .then((code) => {
            clearTimeout(timer);
            reject(new Error(`the call ended early with status ${String(code)}`));
          })
          .catch(reject);
        check();
      }),
    cancel: () => {
      stream.close(constants.NGHTTP2_CANCEL);
    },
  };
}

/** A message as gRPC sends it: not compressed, its length before it. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A grpc-message is percent-encoded. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The ErrorDetail inside a google.rpc.Status, whose field 3 holds the details. */
function detailOf(status: Uint8Array): ErrorDetail | undefined {
  const reader = new BinaryReader(status);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 3) return anyUnpack(fromBinary(AnySchema, reader.bytes()), ErrorDetailSchema);
    reader.skip(wireType);
  }
  return undefined;
}
