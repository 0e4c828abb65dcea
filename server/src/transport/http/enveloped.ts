import type { DescMessage, DescMethodBiDiStreaming, MessageShape } from "@bufbuild/protobuf";
import { createConnectRouter, type HandlerContext } from "@connectrpc/connect";
import type {
  Compression,
  UniversalHandlerFn,
  UniversalServerRequest,
} from "@connectrpc/connect/protocol";
import { assertFewFields, createFieldCount } from "../codec/field-count.js";
import { createKnownFieldsCheck } from "../codec/unknown-fields.js";
import type { Rpc } from "../rpc.js";
import { checkedEnvelopes } from "./checked-envelopes.js";
import { type Exchange, exchangeKey } from "./exchange.js";
import { countJsonValues, jsonOptions, maxMessageBytes } from "./json.js";
import { compressions } from "./read-message.js";
import { incoming, onlyOne } from "./requests.js";
import { serveStream, serveUnary, type Service } from "./serve-call.js";

type Message = MessageShape<DescMessage>;

/**
 * An RPC in the protocols that put messages into envelopes: gRPC, gRPC-Web and, for a streaming RPC,
 * Connect. The library is told that every RPC streams both ways: on the wire there is no difference,
 * and so requests are decoded where they are asked for, inside the chain, whose errors are typed.
 *
 * @param json whether its messages are JSON
 */
export function envelopedHandler(service: Service, rpc: Rpc, json: boolean): UniversalHandlerFn {
  const maxBytes = maxMessageBytes(json);
  const count = json ? countJsonValues : createFieldCount(rpc.method.input);
  const check = (message: Uint8Array): void => {
    assertFewFields(message, count);
  };
  const router = createConnectRouter({
    acceptCompression: compressions.map((compression) => checked(compression, check)),
    readMaxBytes: maxBytes,
    jsonOptions,
    connect: rpc.kind !== "unary",
  });
  const method = { ...rpc.method, methodKind: "bidi_streaming" } as DescMethodBiDiStreaming;
  const answersOf = implementationOf(service, rpc, maxBytes);
  router.rpc(method, (requests: AsyncIterable<Message>, context: HandlerContext) => {
    const exchange = context.values.get(exchangeKey);
    if (!exchange) throw new Error("a call without an exchange");
    return answersOf(requests, exchange);
  });
  const [handler] = router.handlers;
  if (!handler) throw new Error(`no handler for ${rpc.method.name}`);
  return (request) =>
    handler({ ...request, body: checkedEnvelopes(bytesOf(request), maxBytes, check) });
}

function bytesOf({ body }: UniversalServerRequest): AsyncIterable<Uint8Array> {
  if (Symbol.asyncIterator in Object(body)) return body as AsyncIterable<Uint8Array>;
  throw new Error("a body that was parsed already");
}

function checked(compression: Compression, check: (message: Uint8Array) => void): Compression {
  return {
    ...compression,
    decompress: async (bytes, maxBytes) => {
      const message = await compression.decompress(bytes, maxBytes);
      check(message);
      return message;
    },
  };
}

function implementationOf(
  service: Service,
  rpc: Rpc,
  maxBytes: number,
): (requests: AsyncIterable<Message>, exchange: Exchange) => AsyncIterable<Message> {
  const { input } = rpc.method;
  const assertKnownFields = createKnownFieldsCheck(input);
  const read = (requests: AsyncIterable<Message>, signal: AbortSignal): AsyncIterable<Message> =>
    incoming(input, assertKnownFields, requests, signal, maxBytes);
  switch (rpc.kind) {
    case "unary":
      return async function* (requests, exchange) {
        yield await serveUnary(service, rpc, exchange, (call) =>
          onlyOne(read(requests, call.signal)),
        );
      };
    case "server_streaming":
      return (requests, exchange) =>
        serveStream(service, rpc, exchange, async function* (call) {
          yield* rpc.handle(await onlyOne(read(requests, call.signal)), call);
        });
    case "bidi_streaming":
      return (requests, exchange) =>
        serveStream(service, rpc, exchange, (call, requestsEnd) =>
          rpc.handle(read(requests, requestsEnd), call),
        );
    default:
      return rpc satisfies never;
  }
}
