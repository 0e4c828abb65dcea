import type { LoadResult } from "../load/load-job.js";

/**
 * What is measured beside the others of a suite. A server that the generator drives, or a loop in a
 * process of its own that calls a library: a suite does not tell them apart.
 */
export interface Contender {
  /** As tables show it; unique in its suite. */
  readonly name: string;
  /** One line: what it does for each call, and how durably. */
  readonly description: string;
  /** Gets ready. Called once, before all else. */
  start(): Promise<void>;
  /** Runs one repetition, warm-up first. */
  drive(load: Load, options?: { signal?: AbortSignal }): Promise<LoadResult>;
  /**
   * After the last repetition: proves that what was acknowledged was done.
   *
   * @param acknowledged calls answered OK in all repetitions together, warm-up included
   * @throws Error when it was not
   */
  verify(acknowledged: number): Promise<void>;
  /** Leaves no process and no file behind. Idempotent. */
  stop(): Promise<void>;
}

/** One that is a server. */
export interface ServerContender extends Contender {
  /** "host:port". */
  readonly address: string;
  readonly pid: number;
}

/** How hard and how long to drive. */
export interface Load {
  /** Calls that wait for their answer at any time; with a rate, at most. */
  readonly inFlight: number;
  /** Calls due in a second, whatever the answers do; undefined: the next one when one is answered. */
  readonly rate?: number | undefined;
  /** Connections they are spread over, where the contender has connections. */
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}
