import type { NewEvent, RecordedEvent } from "../domain/event.js";
import type { Failure } from "../domain/error.js";
import type { ExpectedVersion } from "../domain/expected-version.js";
import type { EventFilter } from "../domain/filter.js";
import type { Instant } from "../domain/instant.js";
import type { Direction, LogHead, WholeLogHead } from "../domain/log.js";
import type { StreamId, StreamInfo } from "../domain/stream.js";
import type { TenantId } from "../domain/tenant.js";
import type { ReadOptions } from "./read-options.js";
import type { RecordStore } from "./record-store.js";

export type { ReadOptions } from "./read-options.js";

/**
 * THE PORT: what a store must do. Every implementation runs test/contract/store.
 *
 * A method throws AnnalsError "unavailable" when the store cannot answer, and only a surprise as
 * anything else. All inputs are valid: the edge has checked them.
 */
export interface Store {
  /** Which appends share one order: appends of the same lane are written one batch after another. */
  laneOf(tenantId: TenantId): number;

  /**
   * Writes a batch of appends, all of one lane, in one commit, and answers an outcome for each, in
   * order. The later ones see what the earlier ones did; one that fails leaves no trace and no gap.
   * On disk before the answer. The next batch may be handed in before that: they are written in
   * turn. If it throws, the failure says whether the batch may have been written.
   *
   * @param now the writer's clock; events get max(now, the log's latest recordedAt)
   */
  append(batch: readonly AppendIntent[], now: Instant): Promise<readonly AppendOutcome[]>;

  /**
   * How many appends are enough for one commit, as the store finds: beyond, it costs each of them so little
   * that the others are better written while these are answered. Infinity: as many as there are.
   */
  enoughForCommit(): number;

  /** A page of one stream; no events when there are none in the range. */
  readStream(query: StreamQuery, options?: ReadOptions): Promise<StreamPage>;

  /** A page of a tenant's log. */
  readLog(query: LogQuery, options?: ReadOptions): Promise<LogPage>;

  /**
   * A page of the whole log.
   *
   * @throws AnnalsError invalid_argument (field "cursor") when a cursor is not of this store
   */
  readWholeLog(query: WholeLogQuery, options?: ReadOptions): Promise<WholeLogPage>;

  getEvent(
    tenantId: TenantId,
    eventId: string,
    options?: ReadOptions,
  ): Promise<RecordedEvent | undefined>;

  getStream(
    tenantId: TenantId,
    stream: StreamId,
    options?: ReadOptions,
  ): Promise<StreamInfo | undefined>;

  getHead(tenantId: TenantId, options?: ReadOptions): Promise<LogHead>;

  getWholeHead(options?: ReadOptions): Promise<WholeLogHead>;

  /** What a tenant's log holds; zeros for one without events. */
  getTenantUsage(tenantId: TenantId, options?: ReadOptions): Promise<TenantUsage>;

  /**
   * The tenants that have events, ordered by id.
   *
   * @param after a tenant id, exclusive; "" for the first page
   * @param maxTenants 1 or more
   */
  listTenantUsage(
    after: string,
    maxTenants: number,
    options?: ReadOptions,
  ): Promise<readonly TenantUsage[]>;

  /**
   * The global position that a cursor marks; 0 for the empty one.
   *
   * @throws AnnalsError invalid_argument (field "cursor") when it is not of this store
   */
  placeOf(cursor: string): bigint;

  /** The cursor that marks a global position. */
  cursorOf(globalPosition: bigint): string;

  /**
   * Tells when the log may have grown, whichever server wrote. It may tell late, by a second or
   * so, and in vain, but what it told was there to be read.
   *
   * @param onGrowth must not throw
   */
  watch(onGrowth: () => void): Unwatch;

  /** Whether another tenant has a stream of this name: the one question asked across tenants. */
  isForeignStream(tenantId: TenantId, stream: StreamId, options?: ReadOptions): Promise<boolean>;

  /** Small named values beside the log. */
  readonly records: RecordStore;

  /** Resolves when the store can answer now. */
  check(options?: ReadOptions): Promise<void>;

  /** Finishes what is under way and lets go of everything. Idempotent. */
  close(): Promise<void>;
}

/** Ends what it came from. Idempotent. */
export type Unwatch = () => void;

/** What a tenant's log holds. */
export interface TenantUsage {
  readonly tenantId: TenantId;
  /** Of the last event, and so how many there are. */
  readonly position: bigint;
  /** Of all events, counted by sizeOfEvent. */
  readonly bytes: bigint;
  /** Of the last event. */
  readonly recordedAt: Instant | undefined;
}

/** One append, as the writer hands it in. */
export interface AppendIntent {
  readonly tenantId: TenantId;
  readonly stream: StreamId;
  readonly expected: ExpectedVersion;
  /** At least one, no event id twice. */
  readonly events: readonly NewEvent[];
}

/** How one append went. */
export type AppendOutcome = Appended | AppendFailed;

/**
 * The events stand one after the other, in the stream, in the tenant's log and in the whole log; in the logs events of
 * other streams may lie between those that several appends had written.
 */
export interface Appended {
  readonly ok: true;
  /** Version of the last event. */
  readonly version: bigint;
  readonly firstPosition: bigint;
  readonly lastPosition: bigint;
  readonly recordedAt: Instant;
  /**
   * True when all the event ids were there already, in the same stream, in the same order, one after the other. Takes
   * precedence over the expected version.
   */
  readonly deduplicated: boolean;
}

/**
 * Expected failures: version_conflict, or duplicate_event_id when some id is in the tenant's log
 * already and the append is not a repetition.
 */
export interface AppendFailed {
  readonly ok: false;
  readonly failure: Failure;
}

/** How much a page may hold. It ends with the event that reaches a bound, so holds at least one. */
export interface PageBounds {
  /** 1 or more. */
  readonly maxEvents: number;
  /** Counted by sizeOfEvent. */
  readonly maxBytes: number;
}

export interface StreamQuery extends PageBounds {
  readonly tenantId: TenantId;
  readonly stream: StreamId;
  /** Lowest version, inclusive. */
  readonly fromVersion: bigint;
  /** Highest version, inclusive. */
  readonly toVersion: bigint;
  readonly direction: Direction;
}

export interface StreamPage {
  readonly events: readonly RecordedEvent[];
  /** True when nothing of the range is left. */
  readonly atEnd: boolean;
}

/**
 * A store bounds the work of one page too: it may come with few events, or none, and atEnd false.
 * Then read on from scannedTo.
 */
export interface LogQuery extends PageBounds {
  readonly tenantId: TenantId;
  readonly direction: Direction;
  /** Exclusive: forwards starts after it, backwards before it. */
  readonly from: bigint;
  /** Inclusive: the last position wanted, in reading order. */
  readonly to: bigint;
  readonly filter: EventFilter;
}

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** Every position from `from` to here was looked at; read on from it. */
  readonly scannedTo: bigint;
  /** True when nothing up to `to` is left. */
  readonly atEnd: boolean;
}

export interface WholeLogQuery extends PageBounds {
  readonly direction: Direction;
  /** Exclusive. Empty: the beginning of the log forwards, its end backwards. */
  readonly from: string;
  /** Inclusive: a cursor of the last place wanted, in reading order. Empty: no bound. */
  readonly to: string;
  readonly filter: EventFilter;
}

export interface WholeLogPage {
  readonly events: readonly RecordedEvent[];
  /** Every place from `from` to here was looked at; read on from it. */
  readonly scannedTo: string;
  readonly atEnd: boolean;
}
