import { tellSafely } from "../connection/tell-safely.js";
import type { Gate } from "./gate.js";
import type { ProjectionReport, ProjectionState } from "./runner-options.js";

/** What a runner is doing, told to who listens. */
export class RunnerStatus {
  #state: ProjectionState = "idle";
  #shown: ProjectionState = "idle";

  constructor(
    private readonly gate: Gate,
    private readonly onReport: ((report: ProjectionReport) => void) | undefined,
  ) {}

  get state(): ProjectionState {
    return this.#shown;
  }

  /** What has stopped stays so. */
  become(state: Exclude<ProjectionState, "failed">): void {
    if (this.#state === "stopped") return;
    this.#state = state;
    const shown = this.#isPaused() ? "paused" : state;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.report({ kind: "state", state: shown });
  }

  /** Told when the gate was closed or opened: what runs behind a closed one shows as paused. */
  onGate(): void {
    if (this.#state !== "failed") this.become(this.#state);
  }

  fail(error: unknown): void {
    this.#state = this.#shown = "failed";
    this.report({ kind: "state", state: "failed", error });
  }

  #isPaused(): boolean {
    return this.gate.isClosed && this.#state !== "idle" && this.#state !== "stopped";
  }

  readonly report = (report: ProjectionReport): void => {
    tellSafely(this.onReport, report);
  };
}
