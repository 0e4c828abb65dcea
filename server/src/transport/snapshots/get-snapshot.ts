import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetSnapshotRequest,
  GetSnapshotResponseSchema,
} from "@annals/proto/annals/v1/snapshots";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { getSnapshot } from "../../service/snapshots/get-snapshot.js";
import { parseStreamId } from "../codec/stream-id.js";
import { toTimestamp } from "../codec/timestamp.js";

/** Snapshots/GetSnapshot. */
export function getSnapshotRpc(
  context: ServiceContext,
): (
  request: GetSnapshotRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetSnapshotResponseSchema>> {
  return async (request, call) => {
    const stream = parseStreamId(request.stream, "stream");
    const snapshot = await getSnapshot(context, tenantOf(call), stream, call);
    if (!snapshot) return {};
    const { version, savedAt, ...rest } = snapshot;
    return {
      snapshot: {
        ...rest,
        stream: { ...stream },
        aggregateVersion: version,
        savedAt: toTimestamp(savedAt),
      },
    };
  };
}
