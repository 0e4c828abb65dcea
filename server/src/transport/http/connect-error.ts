import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@annals/proto/annals/v1/error";
import { AnnalsError, describeFailure, type Failure, invalidArgument } from "../../domain/error.js";
import { codeOf, toErrorDetail } from "../error-detail.js";

/** Most characters of a decoder's complaint that are passed on. */
const maxComplaint = 300;

/** The library's codes by their numbers, which are gRPC's. */
const codes = new Map<number, Code>(
  Object.values(Code).flatMap((code) => (typeof code === "string" ? [] : [[code, code]])),
);

/**
 * Whatever a chain of interceptors threw, with the typed detail, for any of the protocols.
 *
 * @param inDoubt the call wrote before it failed, and not all was answered
 */
export function toConnectError(error: unknown, requestId: string, inDoubt = false): ConnectError {
  const failure: Failure =
    error instanceof AnnalsError ? error.failure : { reason: "internal", outcomeUnknown: true };
  const code = codes.get(codeOf(failure)) ?? Code.Internal;
  const connectError = new ConnectError(describeFailure(failure), code);
  connectError.details.push({
    desc: ErrorDetailSchema,
    value: toErrorDetail(failure, requestId, inDoubt),
  });
  return connectError;
}

/**
 * What the library refused a request with, before a handler saw it.
 *
 * @param maxBytes the largest message
 */
export function toRequestError(error: unknown, typeName: string, maxBytes: number): AnnalsError {
  const { code, rawMessage } = ConnectError.from(error);
  switch (code) {
    case Code.Canceled:
    case Code.Aborted:
      return new AnnalsError({ reason: "cancelled", outcomeUnknown: true }, { cause: error });
    case Code.ResourceExhausted:
      return messageTooLarge(maxBytes);
    case Code.Unimplemented: // a compression, told by its name
      return new AnnalsError({ reason: "unimplemented", description: rawMessage });
    case Code.InvalidArgument: // JSON, told by the field
      return invalidArgument("request", shortened(rawMessage));
    default:
      return invalidArgument("request", `is not a ${typeName}`);
  }
}

/** JSON that is not the request. */
export function notTheRequest(error: unknown, typeName: string): AnnalsError {
  const complaint = error instanceof Error ? error.message : `is not a ${typeName}`;
  return invalidArgument("request", shortened(complaint));
}

/** @param actual its size in bytes, or what has come of it; 0 where that is not known */
export function messageTooLarge(maximum: number, actual = 0): AnnalsError {
  return new AnnalsError({ reason: "limit_exceeded", limit: "message_bytes", maximum, actual });
}

function shortened(text: string): string {
  return text.length > maxComplaint ? `${text.slice(0, maxComplaint)}...` : text;
}
