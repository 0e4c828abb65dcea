import { Snapshots as SnapshotsService } from "@annals/proto/annals/v1/snapshots";
import type { CallOptions, Connection } from "../connection/connection.js";
import type { StreamId } from "./append.js";
import { toDate } from "./codec.js";
import { toProtoStream, toWireCount, toWireString } from "./wire-values.js";

/** A snapshot on its way to the server. */
export interface NewSnapshot {
  /** Version of the last event that is in the state: 1n to the stream's own. */
  readonly version: bigint;
  /** Version of the state's form, 0 to 4,294,967,295. Default: 0. */
  readonly schemaVersion?: number;
  /** Media type of the data. Default: application/json. */
  readonly contentType?: string;
  /** The state, opaque to the server; at most 1,048,576 bytes. */
  readonly data: Uint8Array;
}

/** A snapshot as the server keeps it. */
export interface Snapshot extends Required<NewSnapshot> {
  readonly savedAt: Date;
}

/** The latest snapshot of each stream. Needs the scope `snapshots`. Repositories use it by themselves. */
export class Snapshots {
  /** @internal use `annals.snapshots` */
  constructor(private readonly connection: Connection) {}

  /** A stream's snapshot; undefined without one. @throws AnnalsError stream_not_found, foreign_stream */
  async get(stream: StreamId, options?: CallOptions): Promise<Snapshot | undefined> {
    const request = { stream: toProtoStream(stream) };
    const { snapshot } = await this.connection.callOf(
      SnapshotsService,
      (client, call) => client.getSnapshot(request, call),
      options,
    );
    if (!snapshot) return undefined;
    const { aggregateVersion: version, schemaVersion, contentType, data } = snapshot;
    return { version, schemaVersion, contentType, data, savedAt: toDate(snapshot.savedAt) };
  }

  /**
   * Keeps a snapshot, unless one of a higher version is kept.
   *
   * @returns whether it is the one that is kept now
   * @throws AnnalsError stream_not_found, foreign_stream, invalid_argument, limit_exceeded
   */
  async save(stream: StreamId, snapshot: NewSnapshot, options?: CallOptions): Promise<boolean> {
    const { version, schemaVersion = 0, contentType = "", data } = snapshot;
    const request = {
      snapshot: {
        stream: toProtoStream(stream),
        aggregateVersion: toWireCount("snapshot.aggregate_version", version, 1n),
        schemaVersion,
        contentType: toWireString("snapshot.content_type", contentType),
        data,
      },
    };
    const { saved } = await this.connection.writeOf(
      SnapshotsService,
      (client, call) => client.saveSnapshot(request, call),
      options,
    );
    return saved;
  }

  /** Throws a stream's snapshot away. @throws AnnalsError stream_not_found, foreign_stream */
  async delete(stream: StreamId, options?: CallOptions): Promise<void> {
    const request = { stream: toProtoStream(stream) };
    await this.connection.writeOf(
      SnapshotsService,
      (client, call) => client.deleteSnapshot(request, call),
      options,
    );
  }
}
