import { invalidArgument } from "../../domain/error.js";
import type { Snapshot } from "../../domain/snapshot.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { ReadOptions } from "../../store/store.js";
import { changeRecord } from "../change-record.js";
import type { ServiceContext } from "../context.js";
import { getStream } from "../get-stream.js";
import { decodeSnapshot, encodeSnapshot, snapshotKey } from "./snapshot-record.js";

/** Which snapshot is kept after a save. */
export interface SaveResult {
  /** False: the one that was there is of a higher version, and stays. */
  readonly saved: boolean;
  readonly version: bigint;
}

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
  const newer = { value: encodeSnapshot(snapshot), result: savedAs(snapshot.version, true) };
  return changeRecord(
    context,
    snapshotKey(tenantId, stream),
    (kept) => {
      const keptVersion = kept ? decodeSnapshot(kept.value).version : 0n;
      if (keptVersion <= snapshot.version) return newer;
      return { value: undefined, result: savedAs(keptVersion, false) };
    },
    options,
  );
}

function savedAs(version: bigint, saved: boolean): SaveResult {
  return { saved, version };
}
