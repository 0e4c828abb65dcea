import { AnnalsError } from "../domain/error.js";
import type { Clock, Instant } from "../domain/instant.js";
import type { TenantId } from "../domain/tenant.js";
import { type TenantLimits, tenantLimits } from "../domain/tenant-settings.js";
import type { AppendOutcome, Store } from "../store/store.js";
import { AppendRates, type AppendSize } from "./append-rates.js";
import { type DayStart, dayAfter, dayOf, readDayStart } from "./daily-usage.js";
import { evictOldest } from "./evict-oldest.js";

/** After how long a tenant's usage is read again, in milliseconds. */
const freshMs = 500;

/** When to come again, in milliseconds, where what is being written would reach the limit: it may fail. */
const inFlightRetryMs = 100;

/** What is older says nothing: an append waits until usage is read again. */
const staleMs = 1_000;

type Write = () => Promise<AppendOutcome>;

/** What is known of a tenant's usage. */
interface Usage {
  /** Undefined: nothing is known yet. */
  start: DayStart | undefined;
  position: bigint;
  /** Counted by sizeOfEvent. */
  bytes: bigint;
  /** What is being written. */
  readonly inFlight: { events: number; bytes: number };
  readAtMs: number;
  reading: boolean;
  /** Those who wait until something is known, in order. */
  readonly waiting: ((failure: Error | undefined) => void)[];
}

/**
 * Lets appends in as far as their tenant's limits allow. Rates are kept on each server. A day's events
 * and the bytes stored are the log's own: what this server writes counts at once, what others write
 * within a second, and by so much a limit may be passed.
 */
export class AppendQuota {
  readonly #rates = new AppendRates();
  readonly #usage = new Map<TenantId, Usage>();

  constructor(
    private readonly store: Store,
    private readonly limitsOf: (tenantId: TenantId) => TenantLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs `write` when the tenant may append, in the order that it is asked. What is in the log already may be sent
   * again whatever the log holds: it adds nothing, and its caller waits for the first result.
   *
   * @param eventId of its first event
   * @throws AnnalsError limit_exceeded, naming the limit and where waiting helps for how long;
   *   unavailable. Then `write` was not run
   */
  admit(
    tenantId: TenantId,
    eventId: string,
    size: AppendSize,
    write: Write,
  ): Promise<AppendOutcome> {
    const limits = this.limitsOf(tenantId);
    if (limits.eventsPerDay === undefined && limits.storedBytes === undefined) {
      this.#rates.take(tenantId, limits, size);
      return write();
    }
    const usage = this.#usageOf(tenantId);
    const admitNow: Write = async () => {
      const over = exceededUsage(limits, size, usage, this.clock());
      try {
        this.#rates.take(tenantId, limits, size);
      } catch (tooFast) {
        throw over ?? tooFast;
      }
      if (!over) return counted(usage, size, write);
      if (await this.store.getEvent(tenantId, eventId)) return write();
      throw over;
    };
    const ageMs = performance.now() - usage.readAtMs;
    const isToday = usage.start?.day === dayOf(this.clock());
    const known = isToday && ageMs <= staleMs && usage.waiting.length === 0;
    if (!known || ageMs > freshMs) void this.#read(tenantId, usage);
    return known ? admitNow() : admitLater(usage, admitNow);
  }

  /**
   * What can be said of an append before it is read.
   *
   * @throws AnnalsError limit_exceeded when the tenant is above a rate
   */
  assertNotOverdrawn(tenantId: TenantId): void {
    this.#rates.assertNotOverdrawn(tenantId, this.limitsOf(tenantId));
  }

  #usageOf(tenantId: TenantId): Usage {
    let usage = this.#usage.get(tenantId);
    if (!usage) {
      usage = {
        ...{ start: undefined, position: 0n, bytes: 0n, inFlight: { events: 0, bytes: 0 } },
        ...{ readAtMs: 0, reading: false, waiting: [] },
      };
      this.#usage.set(tenantId, usage);
      evictOldest(this.#usage);
    }
    return usage;
  }

  async #read(tenantId: TenantId, usage: Usage): Promise<void> {
    if (usage.reading) return;
    usage.reading = true;
    let failure: Error | undefined;
    try {
      const day = dayOf(this.clock());
      if (usage.start?.day !== day) usage.start = await readDayStart(this.store, tenantId, day);
      const { position, bytes } = await this.store.getTenantUsage(tenantId);
      // What this server wrote meanwhile may not be in what it read.
      if (position >= usage.position) Object.assign(usage, { position, bytes });
    } catch (error) {
      failure = error as Error;
    }
    usage.reading = false;
    usage.readAtMs = performance.now();
    for (const run of usage.waiting.splice(0)) run(failure);
  }
}

function admitLater(usage: Usage, admitNow: Write): Promise<AppendOutcome> {
  return new Promise((resolve, reject) => {
    usage.waiting.push((failure) => {
      if (failure) reject(failure);
      else resolve(admitNow());
    });
  });
}

async function counted(usage: Usage, size: AppendSize, write: Write): Promise<AppendOutcome> {
  const { inFlight } = usage;
  inFlight.events += size.events;
  inFlight.bytes += size.bytes;
  try {
    const outcome = await write();
    if (outcome.ok && outcome.lastPosition > usage.position) {
      usage.position = outcome.lastPosition;
      usage.bytes += BigInt(size.bytes);
    }
    return outcome;
  } finally {
    inFlight.events -= size.events;
    inFlight.bytes -= size.bytes;
  }
}

/** The limit that an append would pass. */
function exceededUsage(
  limits: TenantLimits,
  size: AppendSize,
  usage: Usage,
  now: Instant,
): AnnalsError | undefined {
  const { eventsPerDay = Infinity, storedBytes = Infinity } = limits;
  const { inFlight, start, position } = usage;
  const today = Number(position - (start?.position ?? 0n)) + inFlight.events + size.events;
  if (today > eventsPerDay) {
    const midnight = dayAfter(start?.day ?? dayOf(now));
    const isFinal = today - inFlight.events > eventsPerDay;
    const retryAfterMs = isFinal ? Number((midnight - now) / 1_000n) + 1 : inFlightRetryMs;
    return exceeded("eventsPerDay", eventsPerDay, today, retryAfterMs);
  }
  const bytes = Number(usage.bytes) + inFlight.bytes + size.bytes;
  if (bytes <= storedBytes) return undefined;
  const isFinal = bytes - inFlight.bytes > storedBytes;
  return exceeded("storedBytes", storedBytes, bytes, isFinal ? undefined : inFlightRetryMs);
}

function exceeded(
  limit: keyof TenantLimits,
  maximum: number,
  actual: number,
  retryAfterMs?: number,
): AnnalsError {
  const { name } = tenantLimits[limit];
  const failure = { reason: "limit_exceeded", limit: name, maximum, actual } as const;
  return new AnnalsError(retryAfterMs === undefined ? failure : { ...failure, retryAfterMs });
}
