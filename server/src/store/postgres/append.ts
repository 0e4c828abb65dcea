import type { Instant } from "../../domain/instant.js";
import type { AppendIntent, AppendOutcome } from "../store.js";
import { failureOf, isUniqueViolation, wasRolledBack } from "./errors.js";
import type { KnownHeads } from "./known-heads.js";
import { type Findings, lockAndLookUp, lookUpUnknown } from "./look-up.js";
import { type BatchPlan, type LogState, planBatch } from "./plan-batch.js";
import type { Query, WriterConnection } from "./writer-connection.js";
import { writePlan } from "./write-plan.js";

/**
 * Writes batches, one after the other. While nobody else writes, what this server knows of the log
 * still holds, and a batch is one statement that is good only if it does, after another one that looks
 * for streams it does not know. Else a batch locks the log's head, looks, and writes: two round trips.
 */
export class Appender {
  /** Undefined: nothing is known, or somebody else writes too. */
  #heads: KnownHeads | undefined;
  /** Where the log ended after our last batch. */
  #lastWritten: bigint | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: WriterConnection) {}

  /** Writes a batch in one transaction. */
  append(batch: readonly AppendIntent[], now: Instant): Promise<readonly AppendOutcome[]> {
    const outcomes = this.#last.then(() => this.#append(batch, now));
    this.#last = outcomes.catch(() => undefined);
    return outcomes;
  }

  /** Resolves when everything asked for is done. */
  async drain(): Promise<void> {
    await this.#last;
  }

  async #append(batch: readonly AppendIntent[], now: Instant): Promise<readonly AppendOutcome[]> {
    if (batch.length === 0) return [];
    if (!this.connection.isOpen) this.#heads = undefined;
    const query = await this.connection.connect();
    return (
      (await this.#appendOnKnown(query, batch, now)) ??
      (await this.#appendUnderLock(query, batch, now))
    );
  }

  /** Undefined when that cannot be done: nothing was written. */
  async #appendOnKnown(
    query: Query,
    batch: readonly AppendIntent[],
    now: Instant,
  ): Promise<readonly AppendOutcome[] | undefined> {
    const heads = this.#heads;
    if (!heads) return undefined;
    try {
      await lookUpUnknown(query, batch, heads);
    } catch (error) {
      this.#heads = undefined;
      throw this.#failed(error, false);
    }
    const recordedAt = heads.recordedAtFrom(now);
    const plan = planBatch(batch, stateOf({ heads, events: new Map() }, recordedAt));
    // What fails may be a repetition, which is found by looking.
    if (!plan.outcomes.every((outcome) => outcome.ok && !outcome.deduplicated)) return undefined;
    try {
      if (await writePlan(query, plan, heads.globalPosition, recordedAt)) {
        this.#keep(heads, plan, recordedAt);
        return plan.outcomes;
      }
      this.#heads = undefined;
      return undefined;
    } catch (error) {
      this.#heads = undefined;
      if (isUniqueViolation(error)) return undefined;
      throw this.#failed(error, !wasRolledBack(error));
    }
  }

  async #appendUnderLock(
    query: Query,
    batch: readonly AppendIntent[],
    now: Instant,
  ): Promise<readonly AppendOutcome[]> {
    let committing = false;
    try {
      const findings = await lockAndLookUp(query, batch);
      const { heads } = findings;
      const alone = heads.globalPosition === this.#lastWritten;
      const recordedAt = heads.recordedAtFrom(now);
      const plan = planBatch(batch, stateOf(findings, recordedAt));
      if (plan.events.length === 0) {
        await query("ROLLBACK");
      } else {
        committing = true;
        const [written] = await Promise.all([
          writePlan(query, plan, heads.globalPosition, recordedAt),
          query("COMMIT"),
        ]);
        if (!written) throw new Error("the log's head moved under its lock");
      }
      this.#remember(heads, plan, recordedAt, alone);
      return plan.outcomes;
    } catch (error) {
      this.#heads = undefined;
      throw this.#failed(error, committing && !wasRolledBack(error));
    }
  }

  /** After a transaction that went wrong the connection is in no state to be used again. */
  #failed(error: unknown, outcomeUnknown: boolean): unknown {
    this.connection.discard();
    return failureOf(error, outcomeUnknown);
  }

  /** What was looked up is worth keeping if nobody wrote between our last two batches. */
  #remember(heads: KnownHeads, plan: BatchPlan, recordedAt: Instant, alone: boolean): void {
    const known = this.#heads;
    const same = known?.globalPosition === heads.globalPosition;
    if (known && same) heads.copyTo(known);
    const kept = known && same ? known : alone ? heads : undefined;
    this.#keep(kept ?? heads, plan, recordedAt);
    this.#heads = kept;
  }

  /** The plan was written: the heads move on. */
  #keep(heads: KnownHeads, plan: BatchPlan, recordedAt: Instant): void {
    if (plan.events.length > 0) {
      heads.globalPosition += BigInt(plan.events.length);
      heads.recordedAt = recordedAt;
    }
    for (const [tenantId, { position }] of plan.tenants) heads.setTenant(tenantId, position);
    for (const [key, version] of plan.streams) heads.setStream(key, version);
    this.#lastWritten = heads.globalPosition;
  }
}

function stateOf({ heads, events }: Findings, recordedAt: Instant): LogState {
  return {
    recordedAt,
    tenant: (tenantId) => heads.tenant(tenantId) ?? 0n,
    stream: (key) => heads.stream(key) ?? 0n,
    event: (key) => events.get(key),
  };
}
