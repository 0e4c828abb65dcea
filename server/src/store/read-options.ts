/** Abort: the caller no longer waits. The store may stop the work. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
}
