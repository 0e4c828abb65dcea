import { AbortListeners } from "../connection/abort-listeners.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import { sleep } from "../connection/sleep.js";
import type { Annals } from "../event-store/annals.js";
import type { DomainEvent } from "../events/domain-event.js";
import { Claims } from "./claims.js";
import { emptyReadModel } from "./empty-read-model.js";
import { Gate } from "./gate.js";
import { handlePage } from "./handle-page.js";
import { optionsProblem } from "./options-problem.js";
import type { PageWork } from "./page-work.js";
import { beginning, formatPlace, parsePlace, type Place } from "./place.js";
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

/** How long a store may take to let go of what is stopped by force, in milliseconds. */
const letGoMs = 2_000;

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
  readonly #forced = new AbortListeners();
  /** Aborted when the runner is not waited for any longer. */
  readonly #leaving = new AbortController();

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
    this.#running ??= this.#forced.race(this.#run(), [this.#leaving.signal]).then(
      () => {
        this.#status.become("stopped");
      },
      (error: unknown) => {
        const isStopped = this.#stopping.signal.aborted && isAnnalsError(error, "cancelled");
        if (isStopped || this.#force.signal.aborted) {
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
    this.#status.onGate();
  }

  resume(): void {
    this.#gate.open();
    this.#status.onGate();
  }

  /**
   * Empties the read model and replays the log; starts the runner if it was not. Resolves once all that was
   * in the log is handled. One that is cut short goes on in the next run: a store without
   * transactions keeps that the read model is to be emptied, until it is.
   *
   * @param onProgress told after each page. What it throws is passed over
   * @throws what the runner fails with; AnnalsError cancelled when it is stopped, before or meanwhile
   */
  async rebuild(onProgress?: (progress: RebuildProgress) => void): Promise<void> {
    const { through: end } = onProgress ? await this.#end() : beginning;
    this.#rebuilding = true;
    this.start();
    let resolve = (): void => undefined;
    const replayed = new Promise<void>((resolved) => {
      resolve = resolved;
    });
    const replay = { end, onProgress, resolve };
    this.#replays.add(replay);
    this.#reading.abort();
    await Promise.race([replayed, this.#running]);
    if (!this.#replays.delete(replay)) return;
    if (this.#status.state === "failed") throw this.#error;
    throw new AnnalsError("cancelled", "the runner was stopped", {});
  }

  /**
   * Ends after the events in hand; after `stopTimeoutMs` at once. A store that does not answer is then
   * waited for 2 seconds more, and not longer: no handler begins if it answers later. Idempotent.
   */
  async stop(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.options;
    if (!this.#running) return;
    this.#stopping.abort();
    this.#reading.abort();
    const stopped = new AbortController();
    const running = this.#running.then(() => {
      stopped.abort();
    });
    await Promise.all([running, this.#forceAfter(stopTimeoutMs, stopped.signal)]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Ends handlers, then waits for nothing more; unless it has stopped before. */
  async #forceAfter(timeoutMs: number, stopped: AbortSignal): Promise<void> {
    const cancelled = new AnnalsError("cancelled", "the runner was stopped by force", {});
    try {
      if (timeoutMs === Infinity) return;
      await sleep(timeoutMs, stopped);
      this.#force.abort(cancelled);
      this.#status.report({ kind: "stopped_by_force" });
      await sleep(letGoMs, stopped);
      this.#leaving.abort(cancelled);
    } catch {
      // It has stopped.
    }
  }

  /** How it does now. Asks the server where the log ends. @throws AnnalsError */
  async health(): Promise<ProjectionHealth> {
    const end = await this.#end();
    return {
      state: this.#status.state,
      eventsBehind: this.#progress.behind(end),
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
        if (!this.#stopping.signal.aborted) await this.#takeUp(claim);
        while (!this.#stopping.signal.aborted) await this.#follow(claim);
      } catch (error) {
        if (!this.options.lease || !isAnnalsError(error, "projection_superseded")) throw error;
      } finally {
        await letGo();
        await claims.release(claim);
      }
    }
  }

  /**
   * Starts where the projection stands. Where it starts for the first time is kept at once.
   *
   * @throws AnnalsError projection_deleted where a place that this runner wrote is gone
   */
  async #takeUp(claim: ProjectionClaim): Promise<void> {
    const hasBegun = formatPlace(this.#progress.written) !== formatPlace(beginning);
    if (claim.place === undefined && hasBegun && !this.#rebuilding) {
      const message = `${claim.projection} was deleted while it ran: the read model is not empty`;
      throw new AnnalsError("projection_deleted", message, {});
    }
    const place = claim.place === undefined ? await this.#startPlace() : parsePlace(claim.place);
    this.#progress.startAt(place);
    if (claim.place !== undefined || place === beginning) return;
    await writeProgress(this.#pageWork(claim, this.#stopping.signal), { place });
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
      if (this.#rebuilding || this.#progress.place.toEmpty) {
        await emptyReadModel(this.#pageWork(claim, signal));
        this.#rebuilding = false;
      }
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

  #pageWork(claim: ProjectionClaim, signal: AbortSignal): PageWork<Transaction> {
    const progress = this.#progress;
    const { handlerTimeoutMs = 30_000 } = this.options;
    const timeoutMs = handlerTimeoutMs === Infinity ? undefined : handlerTimeoutMs;
    const force = this.#force.signal;
    return {
      options: this.options,
      claim,
      force,
      runHandler: (handler, given) =>
        runHandler(handler, { ...given, signal: force }, timeoutMs, this.#forced),
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
