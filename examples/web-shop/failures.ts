import { type ErrorCode, isAnnalsError } from "@annals/client";
import type { FastifyReply, FastifyRequest } from "fastify";
import { OrderRefused } from "./orders.js";

const statusOf: Partial<Record<ErrorCode, number>> = {
  aggregate_not_found: 404,
  // Who asks for another tenant's order is not told that it exists.
  foreign_aggregate: 404,
  invalid_argument: 400,
  invalid_event_data: 400,
  version_conflict: 409,
  tenant_suspended: 403,
  permission_denied: 403,
  unauthenticated: 401,
  limit_exceeded: 429,
  unavailable: 503,
  deadline_exceeded: 503,
};

/** What the caller is told of an error; of a defect, nothing but that there is one. */
export function answerFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [status, code, message] = describe(error);
  if (status === 500) request.log.error(error);
  if (isAnnalsError(error) && error.retryAfterMs !== undefined) {
    void reply.header("retry-after", Math.ceil(error.retryAfterMs / 1_000));
  }
  return reply.code(status).send({ code, message });
}

function describe(error: unknown): readonly [status: number, code: string, message: string] {
  if (error instanceof OrderRefused) return [422, "order_refused", error.message];
  if (isAnnalsError(error)) {
    const status = statusOf[error.code] ?? 500;
    if (status === 404) return [404, "not_found", "there is no such order"];
    if (status !== 500) return [status, error.code, error.message];
  } else if (isBadRequest(error)) {
    return [error.statusCode, "bad_request", error.message];
  }
  return [500, "internal", "the request failed"];
}

/** What Fastify refuses: a body that is no JSON, that breaks its schema, that is too large. */
function isBadRequest(error: unknown): error is Error & { readonly statusCode: number } {
  if (!(error instanceof Error) || !("statusCode" in error)) return false;
  const { statusCode } = error;
  return typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
}
