import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import { sleep } from "../connection/sleep.js";
import type { Annals } from "../event-store/annals.js";
import type { DomainEvent } from "../events/domain-event.js";
import { Claims } from "./claims.js";
import { Gate } from "./gate.js";
import { handlePage } from "./handle-page.js";
import { optionsProblem } from "./options-problem.js";
import type { PageWork } from "./page-work.js";
import { beginning, parsePlace, type Place } from "./place.js";
import { Progress } from "./progress.js";
import type { ProjectionClaim } from "./projection-store.js";
import { runHandler } from "./run-handler.js";
import type {
  ProjectionHealth,
  ProjectionRunnerOptions,
  RebuildProgress,
} from "./runner-options.js";
import { tellSafely } from "../connection/tell-safely.js";
import { RunnerStatus } from "./runner-status.js";
import { writeProgress } from "./write-progress.js";

interface Replay {
  readonly end: bigint;
  readonly onProgress: ((progress: RebuildProgress) => void) | undefined;
  readonly resolve: () => void;
}

/**
 * Keeps a read model up to date: catches up, then follows, and keeps its place. An event comes at
 * least once; with a transactional store its effects are there exactly once. Runners do not touch
 * each other: one that fails stops none of the others.
 *
 * @throws AnnalsError invalid_options
 */
export class ProjectionRunner<Transaction = undefined> implements AsyncDisposable {
  #error: unknown;
  #running: Promise<void> | undefined;
  #rebuilding = false;
  readonly #replays = new Set<Replay>();
  #reading = new AbortController();
  readonly #progress = new Progress();
  readonly #gate = new Gate();
  readonly #status: RunnerStatus;
  readonly #stopping = new AbortController();
  readonly #force = new AbortController();

  constructor(
    private readonly annals: Annals,
    private readonly options: ProjectionRunnerOptions<Transaction>,
  ) {
    const problem = optionsProblem(options);
    if (problem !== undefined) throw new AnnalsError("invalid_options", problem, {});
    this.#status = new RunnerStatus(this.#gate, options.onReport);
  }

  /** Starts, in the background. Once. */
  start(): void {
    this.#running ??= this.#run().then(
      () => {
        this.#status.become("stopped");
      },
      (error: unknown) => {
        if (this.#stopping.signal.aborted && isAnnalsError(error, "cancelled")) {
          this.#status.become("stopped");
          return;
        }
        this.#error = error;
        this.#status.fail(error);
      },
    );
  }

  /** Begins no further event until `resume`. The place is kept. */
  pause(): void {
    this.#gate.close();
    if (this.#running) this.#status.become("paused");
  }

  resume(): void {
    this.#gate.open();
    if (this.#status.state === "paused") this.#status.become("catching_up");
  }

  /**
   * Empties the read model and replays the log; starts the runner if it was not. Resolves once all that was
   * in the log is handled.
   *
   * @param onProgress told after each page. What it throws is passed over
   * @throws what the runner fails with
   */
  async rebuild(onProgress?: (progress: RebuildProgress) => void): Promise<void> {
    const { through: end } = onProgress ? await this.#end() : beginning;
    this.#rebuilding = true;
    this.start();
    const replayed = new Promise<void>((resolve) => {
      this.#replays.add({ end, onProgress, resolve });
    });
    this.#reading.abort();
    await Promise.race([replayed, this.#running]);
    if (this.#status.state === "failed") throw this.#error;
  }

  /** Ends after the events in hand; after `stopTimeoutMs` at once. Idempotent. */
  async stop(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.options;
    if (!this.#running) return;
    this.#stopping.abort();
    this.#reading.abort();
    const timer = setTimeout(() => {
      this.#force.abort(new AnnalsError("cancelled", "the runner was stopped by force", {}));
      this.#status.report({ kind: "stopped_by_force" });
    }, stopTimeoutMs);
    await this.#running;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** How it does now. Asks the server where the log ends. @throws AnnalsError */
  async health(): Promise<ProjectionHealth> {
    const end = await this.#end();
    const behind = end.through - this.#progress.place.through;
    return {
      state: this.#status.state,
      eventsBehind: behind > 0n ? behind : 0n,
      lastHandledAt: this.#progress.lastHandledAt,
      error: this.#error,
    };
  }

  async #run(): Promise<void> {
    const wait = (delayMs: number) => this.#wait(delayMs, this.#stopping.signal);
    const claims = new Claims(this.options, this.#status, wait);
    while (!this.#stopping.signal.aborted) {
      const claim = await claims.claim();
      const letGo = claims.hold(claim, (error) => {
        this.#reading.abort(error);
      });
      try {
        const { place } = claim;
        this.#progress.startAt(place === undefined ? await this.#startPlace() : parsePlace(place));
        while (!this.#stopping.signal.aborted) await this.#follow(claim);
      } catch (error) {
        if (!this.options.lease || !isAnnalsError(error, "projection_superseded")) throw error;
      } finally {
        letGo();
        await claims.release(claim);
      }
    }
  }

  async #startPlace(): Promise<Place> {
    const { start = "beginning" } = this.options;
    if (start === "beginning") return beginning;
    if (start === "end") return this.#end();
    return { through: start.position, cursor: "" };
  }

  /** Where the log ends now. */
  async #end(): Promise<Place> {
    const { scope = "tenant" } = this.options;
    const { position, globalPosition, cursor } = await this.annals.getHead({ scope });
    return { through: scope === "tenant" ? position : globalPosition, cursor };
  }

  /** Reads until it is to stop, or to start anew from the beginning. */
  async #follow(claim: ProjectionClaim): Promise<void> {
    const { scope = "tenant", filter, unknownEvents } = this.options;
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    try {
      if (this.#rebuilding) await this.#truncate(claim, signal);
      const { through, cursor } = this.#progress.place;
      this.#status.become("catching_up");
      const subscription = this.annals.subscribe({
        scope,
        after: scope === "tenant" ? through : cursor,
        signal,
        ...(filter && { filter }),
        ...(unknownEvents && { unknownEvents }),
      });
      for await (const page of subscription.readablePages()) {
        const work = this.#pageWork(claim, signal);
        await handlePage(work, page, this.#progress, { gate: this.#gate, signal });
        if (signal.aborted) break;
        this.#tellProgress();
        if (page.mark) this.#status.become(page.mark === "caught_up" ? "live" : "catching_up");
        if (page.mark === "caught_up") this.#replayed();
      }
    } catch (error) {
      if (!signal.aborted || !isAnnalsError(error, "cancelled")) throw error;
    }
    if (isAnnalsError(signal.reason, "projection_superseded")) throw signal.reason;
  }

  #tellProgress(): void {
    const { through } = this.#progress.place;
    for (const { end, onProgress } of this.#replays) {
      tellSafely(onProgress, { through: through < end ? through : end, end });
    }
  }

  #replayed(): void {
    for (const { resolve } of this.#replays) resolve();
    this.#replays.clear();
  }

  async #truncate(claim: ProjectionClaim, reading: AbortSignal): Promise<void> {
    const { projection, handlerTimeoutMs = 30_000 } = this.options;
    await writeProgress(this.#pageWork(claim, reading), async (transaction) => {
      const context = { transaction, signal: this.#force.signal, attempt: 1 };
      await runHandler((given) => projection.truncate(given), context, handlerTimeoutMs);
      return { place: beginning };
    });
    this.#rebuilding = false;
  }

  #pageWork(claim: ProjectionClaim, signal: AbortSignal): PageWork<Transaction> {
    const progress = this.#progress;
    return {
      options: this.options,
      claim,
      force: this.#force.signal,
      finished: new Set<DomainEvent>(),
      isHeld: () => signal.aborted || this.#gate.isClosed,
      wait: (delayMs) => this.#wait(delayMs, signal),
      report: this.#status.report,
      written: () => progress.written,
      placeAfter: (event) => progress.placeAfter(event),
      onDone: (place) => {
        progress.onWritten(place);
      },
    };
  }

  /** @throws AnnalsError cancelled once the signal is aborted */
  async #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    await sleep(delayMs, signal).catch(() => {
      throw new AnnalsError("cancelled", "the runner stops, or reads anew", {});
    });
  }
}
