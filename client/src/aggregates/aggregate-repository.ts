import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import type { Annals } from "../event-store/annals.js";
import type { AggregateRoot } from "./aggregate-root.js";

/** What a repository needs. */
export interface AggregateRepositoryOptions<Aggregate> {
  readonly annals: Annals;
  /** Makes an aggregate without history. */
  readonly create: (aggregateId: string) => Aggregate;
}

/** Loads aggregates from their streams and saves what they raise. */
export class AggregateRepository<Aggregate extends AggregateRoot<unknown, never>> {
  constructor(private readonly options: AggregateRepositoryOptions<Aggregate>) {}

  /** A new aggregate. Nothing is written until it is saved. */
  create(aggregateId: string): Aggregate {
    return this.options.create(aggregateId);
  }

  /** @throws AnnalsError aggregate_not_found; foreign_stream when it is a different tenant's */
  async load(aggregateId: string, options?: CallOptions): Promise<Aggregate> {
    const aggregate = this.create(aggregateId);
    const { aggregateType } = aggregate;
    try {
      const events = this.options.annals.read({ aggregateType, aggregateId }, options);
      for await (const event of events) aggregate.replay(event);
    } catch (cause) {
      if (!isAnnalsError(cause, "stream_not_found")) throw cause;
      const message = `${aggregateType} ${aggregateId} does not exist`;
      const details = { aggregateType, aggregateId };
      throw new AnnalsError("aggregate_not_found", message, details, { cause });
    }
    return aggregate;
  }

  /**
   * Writes what the aggregate has raised, if the log has not moved on since it was loaded. What it
   * raises while this waits stays uncommitted. When this throws, the aggregate is as before: with
   * `outcomeUnknown` save it again, its event ids are kept.
   *
   * @throws AnnalsError version_conflict when someone else has saved: load again and decide anew
   */
  async save(aggregate: Aggregate, options?: CallOptions): Promise<void> {
    const events = aggregate.uncommittedEvents.map(({ event }) => event);
    if (events.length === 0) return;
    const { aggregateType, aggregateId, committedVersion: expected } = aggregate;
    const stream = { aggregateType, aggregateId };
    const { version } = await this.options.annals.append({ stream, expected, events }, options);
    aggregate.markCommitted(version);
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
}
