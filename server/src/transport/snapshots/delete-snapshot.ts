import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DeleteSnapshotRequest,
  DeleteSnapshotResponseSchema,
} from "@annals/proto/annals/v1/snapshots";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { snapshotKey } from "../../service/snapshots/snapshot-record.js";
import { parseStreamId } from "../codec/stream-id.js";

/** Snapshots/DeleteSnapshot. */
export function deleteSnapshotRpc({
  store,
}: ServiceContext): (
  request: DeleteSnapshotRequest,
  call: Call,
) => Promise<MessageInitShape<typeof DeleteSnapshotResponseSchema>> {
  return async (request, call) => {
    const stream = parseStreamId(request.stream, "stream");
    await store.records.delete(snapshotKey(tenantOf(call), stream));
    return {};
  };
}
