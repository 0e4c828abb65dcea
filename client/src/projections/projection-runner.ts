import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import { sleep } from "../connection/sleep.js";
import type { Annals } from "../event-store/annals.js";
import type { EventPage } from "../event-store/event-stream.js";
import type { DomainEvent } from "../events/domain-event.js";
import { Gate } from "./gate.js";
import { handleInLanes } from "./handle-in-lanes.js";
import { handleInTransactions } from "./handle-in-transactions.js";
import type { PageWork } from "./page-work.js";
import { beginning, formatPlace, orderOf, parsePlace, type Place } from "./place.js";
import type { ProjectionClaim } from "./projection-store.js";
import { delayAfter } from "./retry-policy.js";
import { runHandler } from "./run-handler.js";
import type {
  ProjectionHealth,
  ProjectionReport,
  ProjectionRunnerOptions,
  ProjectionState,
} from "./runner-options.js";
import { writeProgress } from "./write-progress.js";

/**
 * Keeps a read model up to date: catches up, then follows, and keeps its place. An event comes at
 * least once; with a transactional store its effects are there exactly once. Runners do not touch
 * each other: one that fails stops none of the others.
 *
 * @throws AnnalsError invalid_options
 */
export class ProjectionRunner<Transaction = undefined> implements AsyncDisposable {
  #state: ProjectionState = "idle";
  #place: Place = beginning;
  #written: Place = beginning;
  #lastHandledAt: Date | undefined;
  #error: unknown;
  #running: Promise<void> | undefined;
  #rebuilding = false;
  #waitingForReplay: (() => void)[] = [];
  #reading = new AbortController();
  readonly #gate = new Gate();
  readonly #stopping = new AbortController();
  readonly #force = new AbortController();

  constructor(
    private readonly annals: Annals,
    private readonly options: ProjectionRunnerOptions<Transaction>,
  ) {
    const problem = problemOf(options);
    if (problem !== undefined) throw new AnnalsError("invalid_options", problem, {});
  }

  /** Starts, in the background. Once. */
  start(): void {
    this.#running ??= this.#run().then(
      () => {
        this.#become("stopped");
      },
      (error: unknown) => {
        if (this.#stopping.signal.aborted && isAnnalsError(error, "cancelled")) {
          this.#become("stopped");
          return;
        }
        this.#error = error;
        this.#become("failed");
      },
    );
  }

  /** Begins no further event until `resume`. The place is kept. */
  pause(): void {
    this.#gate.close();
    if (this.#running) this.#become("paused");
  }

  resume(): void {
    this.#gate.open();
    if (this.#state === "paused") this.#become("catching_up");
  }

  /**
   * Empties the read model and replays the log; starts the runner if it was not. Resolves once all that was
   * in the log is handled.
   */
  async rebuild(): Promise<void> {
    this.#rebuilding = true;
    this.start();
    const replayed = new Promise<void>((resolve) => {
      this.#waitingForReplay.push(resolve);
    });
    this.#reading.abort();
    await Promise.race([replayed, this.#running]);
    if (this.#state === "failed") throw this.#error;
  }

  /** Ends after the events in hand; after `stopTimeoutMs` at once. Idempotent. */
  async stop(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.options;
    if (!this.#running) return;
    this.#stopping.abort();
    this.#reading.abort();
    const timer = setTimeout(() => {
      this.#force.abort(new AnnalsError("cancelled", "the runner was stopped by force", {}));
      this.#report({ kind: "stopped_by_force" });
    }, stopTimeoutMs);
    await this.#running;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** How it does now. Asks the server where the log ends. @throws AnnalsError */
  async health(): Promise<ProjectionHealth> {
    const { scope = "tenant" } = this.options;
    const head = await this.annals.getHead({ scope });
    const end = scope === "tenant" ? head.position : head.globalPosition;
    const behind = end - this.#place.through;
    return {
      state: this.#state,
      eventsBehind: behind > 0n ? behind : 0n,
      lastHandledAt: this.#lastHandledAt,
      error: this.#error,
    };
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const claim = await this.#claim();
      if (!claim) return;
      const renewing = this.#keepLease(claim);
      try {
        this.#place =
          claim.place === undefined ? await this.#startPlace() : parsePlace(claim.place);
        this.#written = this.#place;
        while (!this.#stopping.signal.aborted) await this.#follow(claim);
      } catch (error) {
        if (!this.options.lease || !isAnnalsError(error, "projection_superseded")) throw error;
      } finally {
        clearInterval(renewing);
        await this.options.store.release(claim).catch(() => undefined);
      }
    }
  }

  async #claim(): Promise<ProjectionClaim | undefined> {
    const { store, name, lease } = this.options;
    for (let failures = 1; !this.#stopping.signal.aborted;) {
      try {
        const claim = await store.acquire(name, lease?.ttlMs);
        if (claim) return claim;
        this.#become("standby");
        await this.#wait((lease?.ttlMs ?? 0) / 3);
      } catch (error) {
        if (isAnnalsError(error, "cancelled")) throw error;
        const delayMs = delayAfter(failures++, this.options.retry ?? {});
        this.#report({ kind: "store_failed", error, delayMs });
        await this.#wait(delayMs);
      }
    }
    return undefined;
  }

  #keepLease(claim: ProjectionClaim): NodeJS.Timeout | undefined {
    const { store, lease } = this.options;
    if (!lease) return undefined;
    return setInterval(() => {
      store.renew(claim, lease.ttlMs).catch((error: unknown) => {
        if (isAnnalsError(error, "projection_superseded")) this.#reading.abort(error);
        else this.#report({ kind: "store_failed", error, delayMs: lease.ttlMs / 3 });
      });
    }, lease.ttlMs / 3);
  }

  async #startPlace(): Promise<Place> {
    const { start = "beginning", scope = "tenant" } = this.options;
    if (start === "beginning") return beginning;
    if (start !== "end") return { through: start.position, cursor: "" };
    const head = await this.annals.getHead({ scope });
    const through = scope === "tenant" ? head.position : head.globalPosition;
    return { through, cursor: head.cursor };
  }

  /** Reads until it is to stop, or to start anew from the beginning. */
  async #follow(claim: ProjectionClaim): Promise<void> {
    const { scope = "tenant", filter, unknownEvents } = this.options;
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    if (this.#rebuilding) await this.#truncate(claim);
    const after = scope === "tenant" ? this.#place.through : this.#place.cursor;
    this.#become("catching_up");
    try {
      const subscription = this.annals.subscribe({
        scope,
        after,
        signal,
        ...(filter && { filter }),
        ...(unknownEvents && { unknownEvents }),
      });
      for await (const page of subscription.pages()) {
        await this.#handlePage(claim, page, signal);
        if (signal.aborted) break;
        if (page.mark) this.#become(page.mark === "caught_up" ? "live" : "catching_up");
        if (page.mark === "caught_up") this.#replayed();
      }
    } catch (error) {
      if (!signal.aborted || !isAnnalsError(error, "cancelled")) throw error;
    }
    if (isAnnalsError(signal.reason, "projection_superseded")) throw signal.reason;
  }

  #replayed(): void {
    for (const resolve of this.#waitingForReplay.splice(0)) resolve();
  }

  async #truncate(claim: ProjectionClaim): Promise<void> {
    const { projection, handlerTimeoutMs = 30_000 } = this.options;
    await writeProgress(this.#pageWork(claim, this.#reading.signal), async (transaction) => {
      const context = { transaction, signal: this.#force.signal, attempt: 1 };
      await runHandler((given) => projection.truncate(given), context, handlerTimeoutMs);
      return { place: beginning };
    });
    this.#rebuilding = false;
  }

  async #handlePage(claim: ProjectionClaim, page: EventPage, signal: AbortSignal): Promise<void> {
    const { store } = this.options;
    let events = page.events.filter((event) => orderOf(event) > this.#place.through);
    const work = this.#pageWork(claim, signal);
    while (events.length > 0 && !signal.aborted) {
      await this.#gate.pass(signal);
      const done = store.transactional
        ? await handleInTransactions(work, events)
        : await handleInLanes(work as unknown as PageWork<undefined>, events);
      events = events.slice(done);
    }
    if (events.length > 0) return;
    const { resumeFrom } = page;
    if (typeof resumeFrom === "string") this.#place = { ...this.#place, cursor: resumeFrom };
    else if (resumeFrom > this.#place.through) this.#place = { through: resumeFrom, cursor: "" };
    if (formatPlace(this.#place) === formatPlace(this.#written)) return;
    const place = this.#place;
    await writeProgress(work, () => Promise.resolve({ place }));
  }

  #pageWork(claim: ProjectionClaim, signal: AbortSignal): PageWork<Transaction> {
    return {
      options: this.options,
      claim,
      force: this.#force.signal,
      finished: new Set<DomainEvent>(),
      isHeld: () => signal.aborted || this.#gate.isClosed,
      wait: (delayMs) => this.#wait(delayMs),
      report: (report) => {
        this.#report(report);
      },
      written: () => this.#written,
      placeAfter: (event) => ({ through: orderOf(event), cursor: this.#place.cursor }),
      onDone: (place) => {
        if (place.through > this.#place.through) this.#lastHandledAt = new Date();
        this.#place = this.#written = place;
      },
    };
  }

  /** @throws AnnalsError cancelled when it is stopping */
  async #wait(delayMs: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(delayMs, signal).catch(() => {
      throw new AnnalsError("cancelled", "the runner is stopping", {});
    });
  }

  #become(state: ProjectionState): void {
    const shown =
      this.#gate.isClosed && state !== "stopped" && state !== "failed" ? "paused" : state;
    if (shown === this.#state) return;
    this.#state = shown;
    this.#report({ kind: "state", state: shown });
  }

  #report(report: ProjectionReport): void {
    try {
      this.options.onReport?.(report);
    } catch {
      // Who listens must not end what is told of.
    }
  }
}

function problemOf<Transaction>({
  name,
  parallel,
  start,
  store,
}: ProjectionRunnerOptions<Transaction>): string | undefined {
  if (name.length < 1 || name.length > 255) return "name must have 1 to 255 characters";
  if (parallel && store.transactional) return "parallel needs a store without transactions";
  if (parallel && !(Number.isInteger(parallel.concurrency) && parallel.concurrency >= 1)) {
    return "concurrency must be an integer of 1 or more";
  }
  if (start === undefined || start === "beginning" || start === "end") return undefined;
  const { position } = start as { readonly position?: unknown }; // who calls from JavaScript may give anything
  const valid = typeof position === "bigint" && position >= 0n;
  return valid ? undefined : 'start must be "beginning", "end", or a position of 0n or more';
}
