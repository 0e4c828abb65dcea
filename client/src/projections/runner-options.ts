import type { EventFilter } from "../event-store/codec.js";
import type { UnreadableEvent } from "../event-store/event-stream.js";
import type { DomainEvent } from "../events/domain-event.js";
import type { UnknownEvents } from "../events/unknown-events.js";
import type { ProjectionStore } from "./projection-store.js";
import type { RetryPolicy } from "./retry-policy.js";
import type { RunnableProjection } from "./runnable-projection.js";

/** What to run, and how. */
export interface ProjectionRunnerOptions<Transaction> {
  /** Names its place in the store: 1 to 255 characters. */
  readonly name: string;
  readonly projection: RunnableProjection<Transaction>;
  readonly store: ProjectionStore<Transaction>;
  /** "tenant": the caller's log. "all-tenants": the whole log, each event in its tenant's context. */
  readonly scope?: "tenant" | "all-tenants";
  readonly filter?: EventFilter;
  /**
   * What becomes of events that the client has no definition of. With "fail" the runner ends as failed
   * before the first of them. Default: "json".
   */
  readonly unknownEvents?: UnknownEvents;
  /**
   * What becomes of events that do not fit their definition, or are of a newer version than it.
   * "dead_letter": they are put aside, and it goes on. "fail": the runner ends as failed before the
   * first of them. Default: "dead_letter".
   */
  readonly unreadableEvents?: "dead_letter" | "fail";
  /** Where the first run starts; later ones go on where the last one ended. Default: the beginning. */
  readonly start?: "beginning" | "end" | { readonly position: bigint };
  /** Default: 5 attempts, from 100 ms to 10 s apart. */
  readonly retry?: RetryPolicy;
  /** Longest time for one call of a handler, in milliseconds; Infinity: no limit. Default: 30,000. */
  readonly handlerTimeoutMs?: number;
  /**
   * Longest time that `stop` waits for handlers that run, in milliseconds; Infinity: until they end.
   * Default: 10,000.
   */
  readonly stopTimeoutMs?: number;
  /**
   * One active runner of this name among several: the others stand by. Default: none, and the runner
   * that was started last takes over at once.
   */
  readonly lease?: {
    /** How long after its death another takes over, in milliseconds. */
    readonly ttlMs: number;
  };
  /**
   * Handles events of different tenants, or of different aggregates, side by side, those of one in
   * order. Not with a transactional store. Default: one after the other.
   */
  readonly parallel?: {
    readonly by: "tenant" | "aggregate";
    /** Most handlers at once, 1 or more. */
    readonly concurrency: number;
  };
  /** Told what somebody should know. What it throws is passed over. */
  readonly onReport?: (report: ProjectionReport) => void;
}

/** What a runner tells. */
export type ProjectionReport =
  | { readonly kind: "state"; readonly state: Exclude<ProjectionState, "failed"> }
  /** It ended, and why. */
  | { readonly kind: "state"; readonly state: "failed"; readonly error: unknown }
  /** A handler failed and is tried again. */
  | {
      readonly kind: "retry";
      readonly event: DomainEvent;
      readonly error: unknown;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** The event was given up on. */
  | { readonly kind: "dead_letter"; readonly event: DomainEvent; readonly error: unknown }
  /** The event cannot be read: it was put aside, as a dead letter. */
  | { readonly kind: "unreadable_event"; readonly error: UnreadableEvent }
  /**
   * The store failed, and is tried again: handlers of a store without transactions are not. Or the read
   * model could not be emptied in passing.
   */
  | { readonly kind: "store_failed"; readonly error: unknown; readonly delayMs: number }
  /** Handlers were still running when the time to stop was over. */
  | { readonly kind: "stopped_by_force" };

/** What a runner is doing. */
export type ProjectionState =
  | "idle"
  /** Another runner holds the lease. */
  | "standby"
  | "catching_up"
  | "live"
  | "paused"
  | "stopped"
  /** It ended by an error that trying again does not mend. */
  | "failed";

/** How a projection does. */
export interface ProjectionHealth {
  readonly state: ProjectionState;
  /** Events in the log that are not done yet. */
  readonly eventsBehind: bigint;
  /** When the last event was handled. */
  readonly lastHandledAt: Date | undefined;
  /** Why it is "failed", else undefined. */
  readonly error: unknown;
}

/** How far a rebuild came. */
export interface RebuildProgress {
  /** Position of the last event that is done; in the whole log its global position. */
  readonly through: bigint;
  /** The last one that was in the log when the rebuild was asked for. */
  readonly end: bigint;
}
