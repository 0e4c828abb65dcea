import type { Snapshot } from "../../domain/snapshot.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { RecordKey } from "../../store/record-store.js";

interface Header {
  readonly version: string;
  readonly schemaVersion: number;
  readonly contentType: string;
}

const newline = 10;

/** Where a stream's snapshot is kept. */
export function snapshotKey(tenantId: TenantId, stream: StreamId): RecordKey {
  const { aggregateType, aggregateId } = stream;
  return { owner: tenantId, collection: `snapshots/${aggregateType}`, name: aggregateId };
}

/** A snapshot as a record's value: one line of JSON, then the data as it is. */
export function encodeSnapshot({ data, version, ...snapshot }: Snapshot): Uint8Array {
  const header: Header = { ...snapshot, version: String(version) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), data]);
}

export function decodeSnapshot(value: Uint8Array): Snapshot {
  const end = value.indexOf(newline);
  const header = JSON.parse(Buffer.from(value.subarray(0, end)).toString()) as Header;
  return { ...header, version: BigInt(header.version), data: value.subarray(end + 1) };
}
