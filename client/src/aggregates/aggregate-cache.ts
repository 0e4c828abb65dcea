import { AnnalsError } from "../connection/errors.js";
import type { StartingPoint } from "./load-aggregate.js";

/** Where an aggregate is kept. */
export interface CacheKey {
  /** As `create` makes it; undefined when it makes aggregates that know none. */
  readonly tenantId: string | undefined;
  readonly aggregateType: string;
  readonly aggregateId: string;
}

/** Keeps the states of the aggregates used last, up to a number of them. */
export class AggregateCache {
  // A Map keeps the order of insertion: the first is the one that was used longest ago.
  readonly #entries = new Map<string, StartingPoint>();

  /** @param maxAggregates 0 keeps none. @throws AnnalsError invalid_options */
  constructor(private readonly maxAggregates: number) {
    if (Number.isSafeInteger(maxAggregates) && maxAggregates >= 0) return;
    const message = `maxCachedAggregates cannot be ${maxAggregates}`;
    throw new AnnalsError("invalid_options", message, {});
  }

  get(key: CacheKey): StartingPoint | undefined {
    const name = nameOf(key);
    const entry = this.#entries.get(name);
    if (entry) {
      this.#entries.delete(name);
      this.#entries.set(name, entry);
    }
    return entry;
  }

  set(key: CacheKey, entry: StartingPoint): void {
    const name = nameOf(key);
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size <= this.maxAggregates) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: CacheKey): void {
    this.#entries.delete(nameOf(key));
  }
}

function nameOf({ tenantId, aggregateType, aggregateId }: CacheKey): string {
  return JSON.stringify([tenantId?.toLowerCase(), aggregateType, aggregateId]);
}
