import { expect } from "vitest";
import type { StreamId } from "#server/domain/stream.js";
import type { Asker } from "./asker.js";
import type { MarkedTenant } from "./marks.js";
import type { TenantStreams } from "./tenant-streams.js";

interface Kept {
  readonly version: bigint;
  readonly schemaVersion: number;
  readonly data: string;
}

/** A tenant's snapshots, held against a model of them. */
export class TenantSnapshots {
  readonly #kept = new Map<string, Kept>();
  #saves = 0;

  constructor(
    private readonly self: MarkedTenant,
    private readonly asker: Asker,
    private readonly streams: TenantStreams,
  ) {}

  async save(
    stream: StreamId,
    { version, schemaVersion }: { version: bigint; schemaVersion: number },
  ): Promise<void> {
    const data = `${this.self.marks.snapshot}-${String(++this.#saves)}`;
    const snapshot = { stream, aggregateVersion: version, schemaVersion, data: Buffer.from(data) };
    const ask = () => this.asker.ask("saveSnapshot", { snapshot });
    const streamVersion = this.streams.versionOf(stream);
    if (version === 0n || (streamVersion > 0n && version > streamVersion)) {
      expect((await ask()).status).toBe(3);
      return;
    }
    const answered = await this.streams.unlessAbsent(stream, ask);
    if (!answered) return;
    const kept = this.#kept.get(keyOf(stream));
    const saved = kept === undefined || kept.version <= version;
    const now = saved ? { version, schemaVersion, data } : kept;
    this.#kept.set(keyOf(stream), now);
    expect(answered.answers[0]).toMatchObject({ saved, aggregateVersion: now.version });
  }

  async get(stream: StreamId): Promise<void> {
    const answered = await this.streams.unlessAbsent(stream, () =>
      this.asker.ask("getSnapshot", { stream }),
    );
    if (!answered) return;
    const snapshot = answered.answers[0]?.snapshot;
    const seen = snapshot && {
      version: snapshot.aggregateVersion,
      schemaVersion: snapshot.schemaVersion,
      data: Buffer.from(snapshot.data).toString(),
    };
    expect(seen).toEqual(this.#kept.get(keyOf(stream)));
    if (snapshot) expect(snapshot.stream).toMatchObject(stream);
  }

  /** Of a stream that is another's it deletes nothing, and says no more than of one that nobody has. */
  async delete(stream: StreamId): Promise<void> {
    expect((await this.asker.ask("deleteSnapshot", { stream })).status).toBe(0);
    this.#kept.delete(keyOf(stream));
  }
}

function keyOf({ aggregateType, aggregateId }: StreamId): string {
  return `${aggregateType}\0${aggregateId}`;
}
