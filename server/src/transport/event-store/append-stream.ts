import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AppendStreamRequest,
  AppendStreamResponseSchema,
} from "@annals/proto/annals/v1/event_store";
import { describeFailure, type Failure, invalidArgument } from "../../domain/error.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { codeOf, toErrorDetail } from "../error-detail.js";
import { answerConcurrently } from "./answer-concurrently.js";
import { appendFor, toAppendResponse } from "./append.js";

type Response = MessageInitShape<typeof AppendStreamResponseSchema>;

/** Bounds of an AppendStream call. */
export interface AppendStreamOptions {
  /** Most appends without an answer; past it the call is not read from. */
  readonly maxStreamInFlight: number;
}

/** EventStore/AppendStream: appends fail one by one, and only what is not an append ends the call. */
export function appendStreamRpc(
  context: ServiceContext,
  { maxStreamInFlight }: AppendStreamOptions,
): (requests: AsyncIterable<AppendStreamRequest>, call: Call) => AsyncIterable<Response> {
  return (requests, call) => {
    const tenantId = tenantOf(call);
    const answer = async (request: AppendStreamRequest): Promise<Response> => {
      const { correlationId } = request;
      const failed = (failure: Failure): Response => ({
        correlationId,
        outcome: {
          case: "failed",
          value: {
            code: codeOf(failure),
            message: describeFailure(failure),
            detail: toErrorDetail(failure, call.requestId),
          },
        },
      });
      if (!request.append) return failed(invalidArgument("append", "is required").failure);
      // No signal: what was taken is written and answered, also while the server stops.
      const outcome = await appendFor(context, tenantId, request.append, call);
      if (!outcome.ok) return failed(outcome.failure);
      return { correlationId, outcome: { case: "appended", value: toAppendResponse(outcome) } };
    };
    return answerConcurrently(requests, answer, maxStreamInFlight);
  };
}
