import { randomFillSync } from "node:crypto";
import type { Instant } from "../../domain/instant.js";
import type { AppendIntent, AppendOutcome } from "../store.js";
import { failureOf, isUniqueViolation, wasRolledBack } from "./errors.js";
import type { KnownHeads } from "./known-heads.js";
import { type Findings, lockAndLookUp, lookUpUnknown } from "./look-up.js";
import { type BatchPlan, eventKey, type LogState, planBatch } from "./plan-batch.js";
import type { StoreLogger } from "./session.js";
import type { WriterConnection, WriterSession } from "./writer-connection.js";
import { writePlan } from "./write-plan.js";

/** A batch that was sent on what is known. */
interface Sent {
  /** What to answer if it is written. */
  readonly outcomes: readonly AppendOutcome[];
  /** False: what was known did not hold, and nothing was written. */
  readonly isWritten: Promise<boolean>;
}

/**
 * Writes batches in order. While nobody else writes, what this server knows of the log still holds,
 * and a batch is one statement that is good only if it does, after another one, on a connection of its
 * own, that looks for streams it does not know. The next batch is planned on what this one will leave, and
 * sent behind it: should this one fail, so will that. Else a batch locks the log's head, looks, and writes:
 * two round trips, in which nothing else is sent.
 */
export class Appender {
  /** What the batches that were sent will leave. Undefined: nothing is known, or somebody else writes too. */
  #heads: KnownHeads | undefined;
  readonly #numbers = new DrawnNumbers();
  /** The last batch that this server knows to be in the log. */
  #lastBatch: bigint | undefined;
  /** Batches that take the lock, now or when their turn comes. */
  #underLock = 0;
  /** Settles when the next batch may be sent. */
  #sent: Promise<unknown> = Promise.resolve();
  /** Settles when every batch so far has its outcomes. */
  #settled: Promise<unknown> = Promise.resolve();
  /** False: the connection for it failed, which has been told, and is not back. */
  #canLookUp = true;

  /**
   * @param connection writes
   * @param lookUps looks for what is not known. On the connection that writes, it would be answered behind the batch
   * before, and the next one would not be planned until then.
   */
  constructor(
    private readonly connection: WriterConnection,
    private readonly lookUps: WriterConnection,
    private readonly logger: StoreLogger,
  ) {}

  /** Writes a batch in one transaction, after those that were asked for before it. */
  append(batch: readonly AppendIntent[], now: Instant): Promise<readonly AppendOutcome[]> {
    const before = this.#settled;
    const sending = this.#sent.then(() => this.#send(batch, now));
    const outcomes = this.#settle(sending, before, batch, now);
    // Neither may hold what it waited for: each would hold all those before it.
    const nothing = (): void => undefined;
    this.#settled = Promise.allSettled([before, outcomes]).then(nothing);
    this.#sent = sending.then((sent) => (sent ? undefined : outcomes)).then(nothing, nothing);
    return outcomes;
  }

  /** Resolves when everything asked for is done. */
  async drain(): Promise<void> {
    await this.#settled;
  }

  async #settle(
    sending: Promise<Sent | undefined>,
    before: Promise<unknown>,
    batch: readonly AppendIntent[],
    now: Instant,
  ): Promise<readonly AppendOutcome[]> {
    const sent = await sending;
    if (await sent?.isWritten) return sent?.outcomes ?? [];
    await before;
    return this.#appendUnderLock(batch, now).finally(() => this.#underLock--);
  }

  async #send(batch: readonly AppendIntent[], now: Instant): Promise<Sent | undefined> {
    const sent = await this.#sendOnKnown(batch, now);
    if (!sent) this.#underLock++;
    return sent;
  }

  /** Undefined when that cannot be done: nothing was written. */
  async #sendOnKnown(batch: readonly AppendIntent[], now: Instant): Promise<Sent | undefined> {
    if (!this.connection.isOpen) this.#heads = undefined;
    if (!this.#heads) return undefined;
    return this.#sendBy(await this.connection.connect(), batch, now);
  }

  async #sendBy(
    session: WriterSession,
    batch: readonly AppendIntent[],
    now: Instant,
  ): Promise<Sent | undefined> {
    const heads = this.#heads;
    if (!heads || this.#underLock > 0) return undefined;
    if (!(await this.#lookUpUnknown(batch, heads))) return undefined;
    // A batch before this one may have failed meanwhile: the connection is then its alone.
    if (this.#heads !== heads || this.#underLock > 0) return undefined;
    const recordedAt = heads.recordedAtFrom(now);
    const plan = planBatch(batch, stateOf({ heads, events: new Map() }, recordedAt));
    // What fails may be a repetition, which is found by looking.
    if (!plan.outcomes.every((outcome) => outcome.ok && !outcome.deduplicated)) return undefined;
    const number = this.#numbers.next();
    const written = writePlan(session, plan, { after: heads, batch: number, recordedAt });
    keep(heads, plan, number, recordedAt);
    const isWritten = this.#confirm(written, number);
    isWritten.catch(() => undefined); // told when it is awaited
    return { outcomes: plan.outcomes, isWritten };
  }

  /** @returns whether it could: if not, it is looked up under the lock, by the connection that writes */
  async #lookUpUnknown(batch: readonly AppendIntent[], heads: KnownHeads): Promise<boolean> {
    try {
      await lookUpUnknown(this.lookUps, batch, heads);
      if (this.lookUps.isOpen) this.#canLookUp = true;
      return true;
    } catch (error) {
      this.lookUps.discard();
      if (this.#canLookUp) this.logger.warn({ err: error }, slower);
      this.#canLookUp = false;
      return false;
    }
  }

  async #confirm(written: Promise<boolean>, number: bigint): Promise<boolean> {
    try {
      if (await written) {
        this.#lastBatch = number;
        return true;
      }
    } catch (error) {
      if (!isUniqueViolation(error)) throw this.#failed(error, !wasRolledBack(error));
    }
    this.#heads = undefined;
    this.#underLock++;
    return false;
  }

  async #appendUnderLock(
    batch: readonly AppendIntent[],
    now: Instant,
  ): Promise<readonly AppendOutcome[]> {
    const session = await this.connection.connect();
    let committing = false;
    try {
      const findings = await lockAndLookUp(session, batch);
      const { heads } = findings;
      const alone = heads.batch === this.#lastBatch;
      const recordedAt = heads.recordedAtFrom(now);
      const plan = planBatch(batch, stateOf(findings, recordedAt));
      const number = this.#numbers.next();
      if (plan.events.length === 0) {
        await session.query("ROLLBACK");
      } else {
        committing = true;
        const [written] = await Promise.all([
          writePlan(session, plan, { after: heads, batch: number, recordedAt }),
          session.query("COMMIT"),
        ]);
        if (!written) throw new Error("the log's head moved under its lock");
      }
      this.#remember(heads, plan, number, recordedAt, alone);
      return plan.outcomes;
    } catch (error) {
      throw this.#failed(error, committing && !wasRolledBack(error));
    }
  }

  /** After a transaction that went wrong the connection is in no state to be used again. */
  #failed(error: unknown, outcomeUnknown: boolean): unknown {
    this.#heads = undefined;
    this.connection.discard();
    return failureOf(error, outcomeUnknown);
  }

  /** What was looked up is worth keeping if nobody wrote between our last two batches. */
  #remember(
    heads: KnownHeads,
    plan: BatchPlan,
    number: bigint,
    recordedAt: Instant,
    alone: boolean,
  ): void {
    const known = this.#heads;
    const same = known?.batch === heads.batch;
    if (known && same) heads.copyTo(known);
    const kept = known && same ? known : heads;
    keep(kept, plan, number, recordedAt);
    this.#heads = alone || same ? kept : undefined;
    this.#lastBatch = kept.batch;
  }
}

const slower =
  "the connection that looks up streams failed: until it is back, appends to streams that are not known go one batch after the other";

/** The heads as a plan leaves them. */
function keep(heads: KnownHeads, plan: BatchPlan, number: bigint, recordedAt: Instant): void {
  if (plan.events.length > 0) {
    heads.batch = number;
    heads.globalPosition += BigInt(plan.events.length);
    heads.recordedAt = recordedAt;
  }
  for (const [tenantId, { position }] of plan.tenants) heads.setTenant(tenantId, position);
  for (const [key, version] of plan.streams) heads.setStream(key, version);
}

/** Numbers for batches: drawn, so that no other batch of any server has the same. */
class DrawnNumbers {
  readonly #drawn = new BigInt64Array(128);
  #next = 128;

  next(): bigint {
    if (this.#next === this.#drawn.length) {
      randomFillSync(this.#drawn);
      this.#next = 0;
    }
    return this.#drawn[this.#next++] ?? 0n;
  }
}

function stateOf({ heads, events }: Findings, recordedAt: Instant): LogState {
  return {
    recordedAt,
    tenant: (tenantId) => heads.tenant(tenantId) ?? 0n,
    stream: (key) => heads.stream(key) ?? 0n,
    event: (tenantId, eventId) =>
      events.size === 0 ? undefined : events.get(eventKey(tenantId, eventId)),
  };
}
