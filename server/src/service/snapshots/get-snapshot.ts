import type { SavedSnapshot } from "../../domain/snapshot.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { getStream } from "../get-stream.js";
import { decodeSnapshot, snapshotKey } from "./snapshot-record.js";

/**
 * A stream's snapshot; undefined when there is none.
 *
 * @throws AnnalsError stream_not_found; foreign_stream, where those are denied
 */
export async function getSnapshot(
  context: ServiceContext,
  tenantId: TenantId,
  stream: StreamId,
  options?: ReadOptions,
): Promise<SavedSnapshot | undefined> {
  const kept = await context.store.records.get(snapshotKey(tenantId, stream), options);
  if (kept) return { ...decodeSnapshot(kept.value), savedAt: kept.updatedAt };
  await getStream(context, tenantId, stream, options);
  return undefined;
}
