import type { StreamId as ProtoStreamId } from "@annals/proto/annals/v1/event";
import { invalidArgument } from "../../domain/error.js";
import { parseName } from "../../domain/name.js";
import type { StreamId } from "../../domain/stream.js";

/** @throws AnnalsError invalid_argument when it is unset or breaks a rule; limit_exceeded */
export function parseStreamId(stream: ProtoStreamId | undefined, field: string): StreamId {
  if (!stream) throw invalidArgument(field, "is required");
  return {
    aggregateType: parseName(stream.aggregateType, `${field}.aggregate_type`),
    aggregateId: parseName(stream.aggregateId, `${field}.aggregate_id`),
  };
}
