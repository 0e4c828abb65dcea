import type { z } from "zod";
import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition } from "../events/define-event.js";
import type { EventFact, EventOptions, NewEvent } from "../events/domain-event.js";

/** An event that an aggregate has raised and not saved yet. */
export interface UncommittedEvent {
  /** As the aggregate sees it. */
  readonly fact: EventFact;
  /** As it goes to the log. Its id is kept, so that a save may be repeated. */
  readonly event: NewEvent;
}

/**
 * An aggregate: state that follows from events alone. A subclass has commands that `raise` events,
 * and `apply`, which says what the state is after an event.
 *
 * `Event` is the union of its events, for example `EventOf<typeof OrderPlaced | typeof OrderShipped>`.
 */
export abstract class AggregateRoot<State, Event extends EventFact = EventFact> {
  /** Kind of aggregate, as in its events' definitions. */
  abstract readonly aggregateType: string;
  // Boxed: a state may itself be undefined. Made late: a subclass's fields come after this class's.
  #state: { readonly current: State } | undefined;
  #version = 0n;
  #tenantId: string | undefined;
  #uncommitted: UncommittedEvent[] = [];

  /**
   * @param aggregateId which one
   * @param tenantId whose; a loaded aggregate takes its first event's
   */
  constructor(
    readonly aggregateId: string,
    tenantId?: string,
  ) {
    this.#tenantId = tenantId;
  }

  /** The tenant that it belongs to, where that is known. */
  get tenantId(): string | undefined {
    return this.#tenantId;
  }

  /** The version after everything applied, uncommitted events included. */
  get version(): bigint {
    return this.#version;
  }

  /** The version in the log: what a save expects. */
  get committedVersion(): bigint {
    return this.#version - BigInt(this.#uncommitted.length);
  }

  get state(): State {
    return (this.#state ??= { current: this.initialState() }).current;
  }

  /** Raised and not saved, oldest first. */
  get uncommittedEvents(): readonly UncommittedEvent[] {
    return this.#uncommitted;
  }

  /** The state before any event. */
  protected abstract initialState(): State;

  /**
   * The state after an event: a new one, the one given stays as it is. Only from its arguments; it
   * must not throw on what is in the log.
   */
  protected abstract apply(state: State, event: Event): State;

  /**
   * Raises an event: applies it now; a save writes it.
   *
   * @throws AnnalsError invalid_event for an event of another kind of aggregate; invalid_event_data
   */
  protected raise<Definition extends EventDefinition>(
    definition: Definition,
    data: z.input<Definition["schema"]>,
    options?: EventOptions,
  ): void {
    this.assertTakes(definition.type, definition.aggregateType);
    this.record(definition.create(data, options));
  }

  /** Applies an event that is made already; a save writes it. @throws AnnalsError invalid_event */
  protected record(event: NewEvent): void {
    this.recordAll([event]);
  }

  /** Like `record`, of several: when one is refused, or `apply` throws at it, none is raised. */
  protected recordAll(events: readonly NewEvent[]): void {
    for (const event of events) this.assertTakes(event.eventType, event.aggregateType);
    let state = this.state;
    let version = this.#version;
    const raised: UncommittedEvent[] = [];
    for (const event of events) {
      const fact = this.#factOf(event, ++version);
      state = this.apply(state, fact as Event);
      raised.push({ fact, event });
    }
    this.#state = { current: state };
    this.#version = version;
    for (const each of raised) this.#uncommitted.push(each);
  }

  /** @throws AnnalsError invalid_event for an event of another kind of aggregate */
  protected assertTakes(eventType: string, aggregateType: string): void {
    if (aggregateType === this.aggregateType) return;
    const problem = `is an event of ${aggregateType}, not of ${this.aggregateType}`;
    throw new AnnalsError("invalid_event", `${eventType} ${problem}`, { eventType, problem });
  }

  /**
   * Applies an event out of the log. History is trusted as it is stored: whose the event is, the
   * aggregate is, whatever it was made for.
   *
   * @throws AnnalsError invalid_event for an event of another aggregate, or with a gap before it
   */
  replay(event: EventFact): void {
    this.#assertNext(event);
    this.#evolve(event);
  }

  /** Takes an event that leaves the state as it is. For repositories. @throws AnnalsError invalid_event */
  passOver(event: EventFact): void {
    this.#assertNext(event);
    this.#version = event.aggregateVersion;
  }

  /**
   * Takes the state that the events up to a version add up to, in place of replaying them. For
   * repositories, on an aggregate without events.
   */
  restore(state: State, version: bigint, tenantId: string): void {
    this.#state = { current: state };
    this.#version = version;
    this.#tenantId = tenantId;
  }

  /**
   * The events up to a version are in the log now; what was raised since stays uncommitted. For
   * repositories.
   */
  markCommitted(version: bigint): void {
    this.#uncommitted = this.#uncommitted.filter(({ fact }) => fact.aggregateVersion > version);
  }

  #factOf(event: NewEvent, aggregateVersion: bigint): EventFact {
    return Object.freeze({
      eventId: event.eventId,
      eventType: event.eventType,
      aggregateType: event.aggregateType,
      occurredAt: event.occurredAt,
      data: event.data,
      metadata: event.metadata,
      correlationId: event.correlationId,
      causationId: event.causationId,
      tags: event.tags,
      aggregateId: this.aggregateId,
      tenantId: this.#tenantId,
      aggregateVersion,
    });
  }

  #assertNext(event: EventFact): void {
    const problem = this.#problemOf(event);
    if (problem !== undefined) {
      const { eventType } = event;
      throw new AnnalsError("invalid_event", `${eventType} ${problem}`, { eventType, problem });
    }
    this.#tenantId = event.tenantId ?? this.#tenantId;
  }

  #problemOf(event: EventFact): string | undefined {
    if (event.aggregateType !== this.aggregateType || event.aggregateId !== this.aggregateId) {
      return `is of ${event.aggregateType} ${event.aggregateId}, not of ${this.aggregateType} ${this.aggregateId}`;
    }
    if (this.#uncommitted.length > 0) return "cannot be replayed over uncommitted events";
    if (event.aggregateVersion !== this.#version + 1n) {
      return `has version ${event.aggregateVersion}, after ${this.#version}`;
    }
    return undefined;
  }

  #evolve(event: EventFact): void {
    this.#state = { current: this.apply(this.state, event as Event) };
    this.#version = event.aggregateVersion;
  }
}
