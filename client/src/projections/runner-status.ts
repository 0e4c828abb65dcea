import { tellSafely } from "../connection/tell-safely.js";
import type { Gate } from "./gate.js";
import type { ProjectionReport, ProjectionState } from "./runner-options.js";

/** What a runner is doing, told to who listens. */
export class RunnerStatus {
  #state: ProjectionState = "idle";

  constructor(
    private readonly gate: Gate,
    private readonly onReport: ((report: ProjectionReport) => void) | undefined,
  ) {}

  get state(): ProjectionState {
    return this.#state;
  }

  /** Until it has ended, a closed gate shows as paused. */
  become(state: Exclude<ProjectionState, "failed">): void {
    const shown = this.gate.isClosed && state !== "stopped" ? "paused" : state;
    if (shown === this.#state) return;
    this.#state = shown;
    this.report({ kind: "state", state: shown });
  }

  fail(error: unknown): void {
    this.#state = "failed";
    this.report({ kind: "state", state: "failed", error });
  }

  readonly report = (report: ProjectionReport): void => {
    tellSafely(this.onReport, report);
  };
}
