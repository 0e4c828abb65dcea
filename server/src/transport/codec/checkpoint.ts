import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CheckpointSchema } from "@annals/proto/annals/v1/event_store";
import { systemClock } from "../../domain/instant.js";
import { toTimestamp } from "./timestamp.js";

/** A place that a reader may go on from, said now. */
export function toCheckpoint(
  place: { readonly position: bigint } | { readonly cursor: string },
): MessageInitShape<typeof CheckpointSchema> {
  return { ...place, time: toTimestamp(systemClock()) };
}
