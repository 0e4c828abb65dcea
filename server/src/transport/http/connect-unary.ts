import {
  type DescMessage,
  fromJsonString,
  type MessageShape,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { assertFewFields } from "../codec/field-count.js";
import { createRequestDecoder } from "../codec/request.js";
import type { UnaryRpc } from "../rpc.js";
import { notTheRequest, toConnectError } from "./connect-error.js";
import type { Exchange } from "./exchange.js";
import { countJsonValues, isJson, jsonOptions, maxMessageBytes } from "./json.js";
import type { NodeRequest } from "./listener.js";
import { compressions, readMessage } from "./read-message.js";
import { type Service, serveUnary } from "./serve-call.js";

/** Answers smaller than this are not worth compressing, in bytes. */
const compressMinBytes = 1_024;

/** The media types of a unary call: https://connectrpc.com/docs/protocol#unary-request */
const mediaType = /^application\/(?:json(?:; ?charset=utf-?8)?|proto)$/i;

/** An answer as HTTP has it. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Whether a request of a unary RPC is in Connect's unary form: a plain POST of one message. */
export function isConnectUnary(exchange: Exchange): boolean {
  const [contentType = "", ...more] = exchange.header("content-type");
  return more.length === 0 && mediaType.test(contentType);
}

/** A unary RPC in Connect's unary form. */
export function connectUnaryHandler(
  service: Service,
  rpc: UnaryRpc,
): (exchange: Exchange, request: NodeRequest) => Promise<PlainAnswer> {
  const { input, output } = rpc.method;
  const fromBytes = createRequestDecoder(input);
  return async (exchange, request) => {
    const json = isJson(exchange);
    try {
      const response = await serveUnary(service, rpc, exchange, async () => {
        const bytes = await readMessage(request, exchange, maxMessageBytes(json));
        return json ? fromJson(input, bytes) : fromBytes(bytes);
      });
      const bytes = json
        ? new TextEncoder().encode(toJsonString(output, response, jsonOptions))
        : toBinary(output, response);
      const type = json ? "application/json" : "application/proto";
      return await compressed(
        { status: 200, headers: { "content-type": type }, body: bytes },
        exchange,
      );
    } catch (error) {
      const connectError = error instanceof ConnectError ? error : toConnectError(error, "");
      return {
        status: codeToHttpStatus(connectError.code),
        headers: { "content-type": "application/json" },
        body: errorToJsonBytes(connectError, jsonOptions),
      };
    }
  };
}

function fromJson<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  assertFewFields(bytes, countJsonValues);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return fromJsonString(schema, text, jsonOptions);
  } catch (error) {
    throw notTheRequest(error, schema.typeName);
  }
}

async function compressed(answer: PlainAnswer, { header }: Exchange): Promise<PlainAnswer> {
  const accepted = header("accept-encoding")
    .flatMap((value) => value.split(","))
    .map((value) => value.trim());
  const compression = compressions.find(({ name }) => accepted.includes(name));
  if (!compression || answer.body.byteLength < compressMinBytes) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, "content-encoding": compression.name, vary: "accept-encoding" },
    body: await compression.compress(answer.body),
  };
}
