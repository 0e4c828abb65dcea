import { isAnnalsError } from "../connection/errors.js";
import type { ProjectionClaim } from "./projection-store.js";
import { delayAfter } from "./retry-policy.js";
import type { ProjectionRunnerOptions } from "./runner-options.js";
import type { RunnerStatus } from "./runner-status.js";
import { storeMayPass } from "./transient.js";

type ClaimOptions<Transaction> = Pick<
  ProjectionRunnerOptions<Transaction>,
  "store" | "name" | "lease" | "retry"
>;

/** Claims a projection in its store, and holds it. */
export class Claims<Transaction> {
  #admitted = false;

  constructor(
    private readonly options: ClaimOptions<Transaction>,
    private readonly status: RunnerStatus,
    private readonly wait: (delayMs: number) => Promise<void>,
  ) {}

  /**
   * Waits until the projection is free, and the store answers.
   *
   * @throws what `wait` throws, and what the store refuses with
   */
  async claim(): Promise<ProjectionClaim> {
    const { store, name, lease, retry = {} } = this.options;
    for (let failures = 1; ;) {
      let delayMs = (lease?.ttlMs ?? 0) / 3;
      try {
        const claim = await store.acquire(name, lease?.ttlMs);
        this.#admitted = true;
        if (claim) return claim;
        this.status.become("standby");
      } catch (error) {
        if (!storeMayPass(error, this.#admitted)) throw error;
        delayMs = delayAfter(failures++, retry);
        this.status.report({ kind: "store_failed", error, delayMs });
      }
      await this.wait(delayMs);
    }
  }

  /**
   * Renews the lease, where there is one, until the answered function is called. That waits for
   * renewals that are on their way: behind a release they would take the lease again.
   *
   * @param onLost told once another has claimed the projection
   */
  hold(claim: ProjectionClaim, onLost: (error: unknown) => void): () => Promise<void> {
    const { store, lease } = this.options;
    if (!lease) return () => Promise.resolve();
    const delayMs = lease.ttlMs / 3;
    const renewals = new Set<Promise<void>>();
    const timer = setInterval(() => {
      const renewal = store
        .renew(claim, lease.ttlMs)
        .catch((error: unknown) => {
          if (isAnnalsError(error, "projection_superseded")) onLost(error);
          else this.status.report({ kind: "store_failed", error, delayMs });
        })
        .finally(() => renewals.delete(renewal));
      renewals.add(renewal);
    }, delayMs);
    return async () => {
      clearInterval(timer);
      await Promise.all(renewals);
    };
  }

  /** Lets go; a lease that cannot be ended now ends by itself. */
  async release(claim: ProjectionClaim): Promise<void> {
    await this.options.store.release(claim).catch(() => undefined);
  }
}
