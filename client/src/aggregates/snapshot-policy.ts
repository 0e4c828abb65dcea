import { z } from "zod";
import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import type { Annals } from "../event-store/annals.js";
import type { StreamId } from "../event-store/append.js";
import type { Snapshot } from "../event-store/snapshots.js";
import { toJson } from "../events/json.js";
import type { KnownState, SnapshotMark, StartingPoint } from "./load-aggregate.js";

/** When snapshots of a state are taken, and how they are kept. */
export interface SnapshotOptions<State> {
  /**
   * The state as JSON. A state that holds what JSON cannot (a bigint, a Map) needs a codec (`z.codec`).
   */
  readonly schema: z.ZodType<State>;
  /**
   * Version of the state's form, 0 to 4,294,967,295: raise it when the form changes, or what an
   * event does to the state. Snapshots of any other version are not used. Default: 0.
   */
  readonly schemaVersion?: number;
  /** Take one when a save strides over a multiple of so many events, 1 or more. Default: never. */
  readonly every?: number;
  /** Take one at a save when the last is so old or there is none, in milliseconds. Default: never. */
  readonly maxAgeMs?: number;
  /** Milliseconds since 1970, for `maxAgeMs`. Default: Date.now. */
  readonly now?: () => number;
  /**
   * Told when a snapshot could not be saved, fetched or read. Neither save nor load fails by it, nor
   * by what this throws.
   */
  readonly onFailure?: (error: unknown, stream: StreamId) => void;
}

/** Says when a snapshot is due, and takes states to the server and back. */
export class SnapshotPolicy<State> {
  readonly #now: () => number;
  readonly #schemaVersion: number;

  /** @throws AnnalsError invalid_options */
  constructor(
    private readonly annals: Annals,
    private readonly options: SnapshotOptions<State>,
  ) {
    const { schemaVersion = 0, every = 1, maxAgeMs = 0 } = options;
    if (!Number.isInteger(schemaVersion) || schemaVersion < 0 || schemaVersion >= 2 ** 32) {
      throw invalid(`schemaVersion cannot be ${schemaVersion}`);
    }
    if (!Number.isSafeInteger(every) || every < 1) throw invalid(`every cannot be ${every}`);
    if (!(maxAgeMs >= 0)) throw invalid(`maxAgeMs cannot be ${maxAgeMs}`);
    this.#now = options.now ?? Date.now;
    this.#schemaVersion = schemaVersion;
  }

  /** Whether a save from one version to another is to be followed by a snapshot. */
  isDue(from: bigint, to: bigint, mark: SnapshotMark | undefined): boolean {
    if (mark && !mark.usable) return true;
    const { every, maxAgeMs } = this.options;
    if (every !== undefined && to / BigInt(every) > from / BigInt(every)) return true;
    return maxAgeMs !== undefined && (!mark || this.#now() - mark.savedAtMs >= maxAgeMs);
  }

  /** A stream's snapshot, if there is one. Tells the hook when it cannot be had or read. */
  async find(stream: StreamId, options: CallOptions): Promise<StartingPoint | undefined> {
    try {
      const found = await this.annals.snapshots.get(stream, options);
      if (!found) return undefined;
      const known = this.#read(found, stream);
      const snapshot = { savedAtMs: found.savedAt.getTime(), usable: known !== undefined };
      return { known, snapshot };
    } catch (error) {
      // Reading the events says the same of these.
      if (!isAnnalsError(error, "stream_not_found") && !isAnnalsError(error, "foreign_stream")) {
        this.#tell(error, stream);
      }
      return undefined;
    }
  }

  /** Saves a snapshot. @throws AnnalsError; whatever the schema throws at the state */
  async save(
    stream: StreamId,
    state: State,
    version: bigint,
    options: CallOptions,
  ): Promise<SnapshotMark> {
    const data = new TextEncoder().encode(toJson(z.encode(this.options.schema, state)));
    const snapshot = { version, schemaVersion: this.#schemaVersion, data };
    await this.annals.snapshots.save(stream, snapshot, options);
    return { savedAtMs: this.#now(), usable: true };
  }

  /** Like save, but tells the hook what fails. @returns undefined when it did */
  async trySave(
    ...[stream, ...rest]: Parameters<SnapshotPolicy<State>["save"]>
  ): Promise<SnapshotMark | undefined> {
    try {
      return await this.save(stream, ...rest);
    } catch (error) {
      this.#tell(error, stream);
      return undefined;
    }
  }

  #read({ schemaVersion, data, version }: Snapshot, stream: StreamId): KnownState | undefined {
    if (schemaVersion !== this.#schemaVersion) return undefined;
    try {
      const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
      return { state: z.decode(this.options.schema, json), version, lastEvent: undefined };
    } catch (error) {
      this.#tell(error, stream);
      return undefined;
    }
  }

  #tell(error: unknown, { aggregateType, aggregateId }: StreamId): void {
    try {
      this.options.onFailure?.(error, { aggregateType, aggregateId });
    } catch {
      // As its docstring says: the events are written, whatever the hook makes of it.
    }
  }
}

function invalid(problem: string): AnnalsError {
  return new AnnalsError("invalid_options", `snapshots: ${problem}`, {});
}
