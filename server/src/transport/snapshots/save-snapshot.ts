import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  SaveSnapshotRequest,
  SaveSnapshotResponseSchema,
  Snapshot as ProtoSnapshot,
} from "@annals/proto/annals/v1/snapshots";
import { invalidArgument } from "../../domain/error.js";
import { limits } from "../../domain/limits.js";
import { parseOptionalName } from "../../domain/name.js";
import type { Snapshot } from "../../domain/snapshot.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { saveSnapshot } from "../../service/snapshots/save-snapshot.js";
import { assertCount } from "../codec/new-event.js";
import { parseStreamId } from "../codec/stream-id.js";

const defaultContentType = "application/json";

/** Snapshots/SaveSnapshot. */
export function saveSnapshotRpc(
  context: ServiceContext,
): (
  request: SaveSnapshotRequest,
  call: Call,
) => Promise<MessageInitShape<typeof SaveSnapshotResponseSchema>> {
  return async ({ snapshot }, call) => {
    if (!snapshot) throw invalidArgument("snapshot", "is required");
    const tenantId = tenantOf(call);
    const stream = parseStreamId(snapshot.stream, "snapshot.stream");
    const { saved, version } = await saveSnapshot(
      context,
      tenantId,
      stream,
      parseSnapshot(snapshot),
      call,
    );
    return { saved, aggregateVersion: version };
  };
}

function parseSnapshot(snapshot: ProtoSnapshot): Snapshot {
  const { aggregateVersion, schemaVersion, contentType, data } = snapshot;
  if (aggregateVersion === 0n) {
    throw invalidArgument("snapshot.aggregate_version", "must be at least 1");
  }
  assertCount(data.byteLength, "snapshot_bytes", limits.snapshotBytes, "snapshot.data");
  return {
    version: aggregateVersion,
    schemaVersion,
    contentType: parseOptionalName(contentType, "snapshot.content_type") || defaultContentType,
    data,
  };
}
