import { AnnalsError } from "../domain/error.js";
import type { RecordedEvent } from "../domain/event.js";
import { sizeOfPage } from "../domain/event-frame.js";
import type { Instant } from "../domain/instant.js";
import type { TenantId } from "../domain/tenant.js";
import type { LogTail } from "./log-tail.js";
import type { Tail } from "./tail.js";

/** One who follows a log, and what has been handed to it: what metrics are made of. */
export interface Follower {
  /** Undefined: the whole log. */
  readonly tenantId: TenantId | undefined;
  readonly tail: LogTail;
  events: number;
  /** Counted by sizeOfEvent. */
  bytes: number;
  /** Where it is in its log. */
  place: bigint;
  /** Where its log ended when it began. */
  head: bigint;
  /** It has all that there is. */
  waiting: boolean;
  /** When the last event that it was handed was recorded: against now, its lag in time. */
  recordedAt: Instant | undefined;
}

/** Those who follow now: how many a tenant may have, and where each one is. */
export class Followers {
  readonly #followers = new Set<Follower>();
  readonly #perTenant = new Map<TenantId | undefined, number>();

  /** @param maxPerTenant most followers of one tenant's log, or of the whole log */
  constructor(
    private readonly tail: Tail,
    private readonly maxPerTenant: number,
  ) {}

  /** Everyone who follows now. */
  get all(): ReadonlySet<Readonly<Follower>> {
    return this.#followers;
  }

  /**
   * Lets one more follow a log, for as long as `body` is read.
   *
   * @throws AnnalsError limit_exceeded when the tenant has too many; unavailable
   */
  async *open<Step>(
    tenantId: TenantId | undefined,
    body: (follower: Follower) => AsyncIterable<Step>,
  ): AsyncGenerator<Step, void, undefined> {
    this.#count(tenantId, 1);
    try {
      const { tail, release } = await this.tail.follow(tenantId);
      const follower: Follower = {
        ...{ tenantId, tail },
        ...{ events: 0, bytes: 0, place: 0n, head: 0n, waiting: false, recordedAt: undefined },
      };
      this.#followers.add(follower);
      try {
        yield* body(follower);
      } finally {
        this.#followers.delete(follower);
        release();
      }
    } finally {
      this.#count(tenantId, -1);
    }
  }

  #count(tenantId: TenantId | undefined, change: 1 | -1): void {
    const count = (this.#perTenant.get(tenantId) ?? 0) + change;
    if (count > this.maxPerTenant) {
      throw new AnnalsError({
        reason: "limit_exceeded",
        limit: "followers_per_tenant",
        maximum: this.maxPerTenant,
        actual: count,
        retryAfterMs: 200,
      });
    }
    if (count === 0) this.#perTenant.delete(tenantId);
    else this.#perTenant.set(tenantId, count);
  }
}

/** How many places its log goes on beyond where a follower is, as far as this server knows. */
export function lagOf({ waiting, place, head, tail: { newest = 0n } }: Follower): number {
  const end = newest > head ? newest : head;
  return waiting || end < place ? 0 : Number(end - place);
}

/** Notes what a follower is handed. @returns its bytes, counted by sizeOfEvent */
export function note(follower: Follower, events: readonly RecordedEvent[], place: bigint): number {
  const bytes = sizeOfPage(events);
  follower.events += events.length;
  follower.bytes += bytes;
  follower.place = place;
  follower.recordedAt = events.at(-1)?.recordedAt ?? follower.recordedAt;
  return bytes;
}
