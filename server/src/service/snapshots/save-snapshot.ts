import { AnnalsError, invalidArgument } from "../../domain/error.js";
import type { Snapshot } from "../../domain/snapshot.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { getStream } from "../get-stream.js";
import { decodeSnapshot, encodeSnapshot, snapshotKey } from "./snapshot-record.js";

/** Which snapshot is kept after a save. */
export interface SaveResult {
  /** False: the one that was there is of a higher version, and stays. */
  readonly saved: boolean;
  readonly version: bigint;
}

const maxAttempts = 10;

/**
 * Keeps a snapshot in place of an older one.
 *
 * @throws AnnalsError stream_not_found; foreign_stream, where those are denied; invalid_argument when the
 *   stream has not come so far: a state of events that do not exist would hide those that come
 */
export async function saveSnapshot(
  context: ServiceContext,
  tenantId: TenantId,
  stream: StreamId,
  snapshot: Snapshot,
  options?: ReadOptions,
): Promise<SaveResult> {
  const info = await getStream(context, tenantId, stream, options);
  if (snapshot.version > info.version) {
    throw invalidArgument(
      "snapshot.aggregate_version",
      `is past the stream's version, ${info.version}`,
    );
  }
  const { records } = context.store;
  const key = snapshotKey(tenantId, stream);
  const value = encodeSnapshot(snapshot);
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const kept = await records.get(key, options);
    const keptVersion = kept && decodeSnapshot(kept.value).version;
    if (keptVersion !== undefined && keptVersion > snapshot.version) {
      return { saved: false, version: keptVersion };
    }
    const outcome = await records.put(key, value, kept?.revision ?? 0n, context.clock());
    if (outcome.ok) return { saved: true, version: snapshot.version };
  }
  throw new AnnalsError({
    reason: "unavailable",
    description: "the snapshot is being saved by others all the time",
    outcomeUnknown: false,
    retryAfterMs: 100,
  });
}
