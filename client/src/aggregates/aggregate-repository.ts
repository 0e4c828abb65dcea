import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import type { Annals } from "../event-store/annals.js";
import { AggregateCache, type CacheKey } from "./aggregate-cache.js";
import type { AggregateRoot } from "./aggregate-root.js";
import { carryOut, decideAndSave, type ExecuteOptions, type WorkOn } from "./execute.js";
import {
  type KnownState,
  replayAll,
  type ReplayOptions,
  replayTail,
  type SnapshotMark,
} from "./load-aggregate.js";
import { type SnapshotOptions, SnapshotPolicy } from "./snapshot-policy.js";

/** What a repository needs. */
export interface AggregateRepositoryOptions<Aggregate extends AggregateRoot<unknown, never>> {
  readonly annals: Annals;
  /** Makes an aggregate without history: of a class, or `defineDecider(...).create`. */
  readonly create: (aggregateId: string) => Aggregate;
  /** Keeps states on the server, so that a load need not begin at the first event. Default: none. */
  readonly snapshots?: SnapshotOptions<Aggregate["state"]>;
  /**
   * How many aggregates' states to keep in memory: those used last. A load then reads only what came
   * after. It wants states that are never changed in place. Default: 0.
   */
  readonly maxCachedAggregates?: number;
  /**
   * What becomes of events that no definition of the client names, say of a newer release: "json" gives
   * them to `apply`, "skip" leaves the state as it is, "fail" throws `unknown_event_type`. Default: "json".
   */
  readonly unknownEvents?: "json" | "fail" | "skip";
}

/** How to load an aggregate. */
export interface LoadOptions extends CallOptions {
  /**
   * The aggregate as it was: at a version, 1n or more, or at a time, by the server's clock
   * (recordedAt); both inclusive. One that the log has not reached gives it as it is. Default: now.
   */
  readonly asOf?: bigint | Date;
}

/** Loads aggregates from their streams and saves what they raise. */
export class AggregateRepository<Aggregate extends AggregateRoot<unknown, never>> {
  readonly #cache: AggregateCache;
  readonly #snapshots: SnapshotPolicy<Aggregate["state"]> | undefined;
  readonly #marks = new WeakMap<Aggregate, SnapshotMark>();

  /** @throws AnnalsError invalid_options */
  constructor(private readonly options: AggregateRepositoryOptions<Aggregate>) {
    const { annals, snapshots, maxCachedAggregates = 0 } = options;
    this.#cache = new AggregateCache(maxCachedAggregates);
    this.#snapshots = snapshots && new SnapshotPolicy(annals, snapshots);
  }

  /** A new aggregate. Nothing is written until it is saved. */
  create(aggregateId: string): Aggregate {
    return this.options.create(aggregateId);
  }

  /** @throws AnnalsError aggregate_not_found; foreign_stream when it is a different tenant's */
  async load(aggregateId: string, options: LoadOptions = {}): Promise<Aggregate> {
    const { asOf, ...call } = options;
    if (asOf === undefined) return this.#load(aggregateId, call);
    const aggregate = this.create(aggregateId);
    await replayAll(this.options.annals, aggregate, this.#replaying(call), asOf);
    return aggregate;
  }

  /** The aggregate, or a new one when it has no events. @throws AnnalsError foreign_stream */
  async loadOrCreate(aggregateId: string, options?: CallOptions): Promise<Aggregate> {
    try {
      return await this.load(aggregateId, options);
    } catch (error) {
      if (!isAnnalsError(error, "aggregate_not_found")) throw error;
      return this.create(aggregateId);
    }
  }

  /**
   * Loads or creates an aggregate, does something to it and saves what it raises. When someone else
   * has saved meanwhile, all of it is done again: the work may run several times, and sees the newest
   * state each time.
   *
   * @returns the aggregate as it was saved
   * @throws AnnalsError version_conflict when there are no retries left; whatever the work throws
   */
  async execute(
    aggregateId: string,
    work: WorkOn<Aggregate>,
    options: ExecuteOptions = {},
  ): Promise<Aggregate> {
    const { signal, deadlineMs } = options;
    const decide = async (): Promise<Aggregate> => {
      const aggregate = await this.loadOrCreate(aggregateId, { signal, deadlineMs });
      await carryOut(aggregate, work);
      return aggregate;
    };
    return decideAndSave(decide, (done) => this.save(done, { signal, deadlineMs }), options);
  }

  /**
   * Writes what the aggregate has raised, if the log has not moved on since it was loaded. What it
   * raises while this waits stays uncommitted. When this throws, the aggregate is as before: with
   * `outcomeUnknown` save it again, its event ids are kept. A snapshot that is due is taken before it
   * resolves; one that fails is told to the hook.
   *
   * @throws AnnalsError version_conflict when someone else has saved: load again and decide anew
   */
  async save(aggregate: Aggregate, options: CallOptions = {}): Promise<void> {
    const events = aggregate.uncommittedEvents.map(({ event }) => event);
    const last = events.at(-1);
    if (!last) return;
    const { aggregateType, aggregateId, committedVersion: expected, tenantId } = aggregate;
    const stream = { aggregateType, aggregateId };
    const state: Aggregate["state"] = aggregate.state;
    const key = keyOf(this.create(aggregateId));
    try {
      const { version } = await this.options.annals.append({ stream, expected, events }, options);
      aggregate.markCommitted(version);
    } catch (error) {
      if (isAnnalsError(error, "version_conflict")) this.#cache.delete(key);
      throw error;
    }
    const version = expected + BigInt(events.length);
    if (this.#snapshots?.isDue(expected, version, this.#marks.get(aggregate))) {
      const mark = await this.#snapshots.trySave(stream, state, version, options);
      if (mark) this.#marks.set(aggregate, mark);
    }
    if (tenantId === undefined) return; // it cannot be told from a different tenant's
    const lastEvent = { eventId: last.eventId, tenantId: tenantId.toLowerCase() };
    this.#remember(key, aggregate, { state, version, lastEvent });
  }

  /**
   * Takes a snapshot by hand, whether or not one is due.
   *
   * @throws AnnalsError invalid_options for a repository without snapshots; invalid_argument for an
   *   aggregate with events that are not saved, or with none; whatever the schema throws at the state
   */
  async saveSnapshot(aggregate: Aggregate, options: CallOptions = {}): Promise<void> {
    if (!this.#snapshots) {
      throw new AnnalsError("invalid_options", "the repository takes no snapshots", {});
    }
    const { version, state } = aggregate;
    if (version !== aggregate.committedVersion || version === 0n) {
      const description = "can only be of an aggregate that is saved";
      const details = { field: "snapshot", description };
      throw new AnnalsError("invalid_argument", `snapshot ${description}`, details);
    }
    const mark = await this.#snapshots.save(aggregate, state, version, options);
    this.#marks.set(aggregate, mark);
  }

  /** Whether the tenant has this aggregate. A different tenant's does not exist. */
  async exists(aggregateId: string, options?: CallOptions): Promise<boolean> {
    const { aggregateType } = this.create(aggregateId);
    try {
      await this.options.annals.getStream({ aggregateType, aggregateId }, options);
      return true;
    } catch (error) {
      if (isAnnalsError(error, "stream_not_found") || isAnnalsError(error, "foreign_stream")) {
        return false;
      }
      throw error;
    }
  }

  async #load(aggregateId: string, options: CallOptions): Promise<Aggregate> {
    const { annals } = this.options;
    const aggregate = this.create(aggregateId);
    const key = keyOf(aggregate);
    const start = this.#cache.get(key) ?? (await this.#snapshots?.find(aggregate, options));
    const replaying = this.#replaying(options);
    const tail = start?.known && (await replayTail(annals, aggregate, start.known, replaying));
    const lastEvent = tail ?? (await replayAll(annals, aggregate, replaying));
    if (start?.snapshot) {
      const usable = start.snapshot.usable && tail !== undefined;
      this.#marks.set(aggregate, { ...start.snapshot, usable });
    }
    this.#remember(key, aggregate, {
      state: aggregate.state,
      version: aggregate.version,
      lastEvent,
    });
    return aggregate;
  }

  #replaying(options: CallOptions): ReplayOptions {
    return { ...options, unknownEvents: this.options.unknownEvents ?? "json" };
  }

  #remember(key: CacheKey, aggregate: Aggregate, known: KnownState): void {
    this.#cache.set(key, { known, snapshot: this.#marks.get(aggregate) });
  }
}

/** By what `create` makes, for a load knows no more than that. */
function keyOf({ tenantId, aggregateType, aggregateId }: CacheKey): CacheKey {
  return { tenantId, aggregateType, aggregateId };
}
