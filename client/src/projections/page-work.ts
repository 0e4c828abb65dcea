import type { DomainEvent } from "../events/domain-event.js";
import type { HandlerContext } from "./handler-context.js";
import type { Place } from "./place.js";
import type { ProjectionClaim } from "./projection-store.js";
import type { ProjectionReport, ProjectionRunnerOptions } from "./runner-options.js";

/** What it takes to handle a page of events. */
export interface PageWork<Transaction> {
  readonly options: ProjectionRunnerOptions<Transaction>;
  readonly claim: ProjectionClaim;
  /** Aborted when handlers are to end at once. */
  readonly force: AbortSignal;
  /** Runs a handler, until its time is over or `force` is aborted. @throws HandlerFailure */
  runHandler(
    handler: (context: HandlerContext<Transaction>) => void | Promise<void>,
    given: Omit<HandlerContext<Transaction>, "signal">,
  ): Promise<void>;
  /** Whether no further event should be begun: on pause, stop and rebuild. */
  isHeld(): boolean;
  /** Waits between attempts. @throws when no attempt should follow */
  wait(delayMs: number): Promise<void>;
  report(report: ProjectionReport): void;
  /** Events of the page that are done, also behind one that is not. */
  readonly finished: Set<DomainEvent>;
  /** The place that was written last. */
  written(): Place;
  /** The place after an event is done. */
  placeAfter(event: DomainEvent): Place;
  /** Told when a place is written: every event up to it is done. */
  onDone(place: Place): void;
}
