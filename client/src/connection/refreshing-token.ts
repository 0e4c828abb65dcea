import { AbortListeners } from "./abort-listeners.js";

/** A token, and until when it is good. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** How a token is kept fresh. */
export interface RefreshingTokenOptions {
  /** How long before it expires a new one is asked for, in milliseconds. Default: 60,000. */
  readonly refreshBeforeMs?: number;
  /**
   * How long the issuer may take, in milliseconds: then whoever waits for it fails, and the next call
   * asks anew. Default: 30,000.
   */
  readonly issueTimeoutMs?: number;
  /** The time, in Unix milliseconds; for tests. Default: `Date.now`. */
  readonly now?: () => number;
}

/** After a failure the issuer is asked again no sooner than this, in milliseconds, while a token is good. */
const retryMs = 1_000;

/**
 * A `token` for `connect` that asks its issuer when none is there, and again before the one that is there
 * expires. Calls share one request. While the token is good nobody waits for the next one, and a
 * failure to get it shows only when the token has expired.
 */
export function refreshingToken(
  issue: () => Promise<IssuedToken>,
  {
    refreshBeforeMs = 60_000,
    issueTimeoutMs = 30_000,
    now = Date.now,
  }: RefreshingTokenOptions = {},
): () => Promise<string> {
  let current: IssuedToken | undefined;
  let asking: Promise<string> | undefined;
  let askAgainAt = -Infinity;

  const renew = async (): Promise<string> => {
    // Its timer, unlike setTimeout's, keeps no process alive.
    const timeout = AbortSignal.timeout(issueTimeoutMs);
    current = await new AbortListeners().race(issue(), [timeout]);
    return current.token;
  };
  const ask = (): Promise<string> => {
    askAgainAt = now() + retryMs;
    return (asking ??= renew().finally(() => (asking = undefined)));
  };
  return () => {
    const left = (current?.expiresAt.getTime() ?? -Infinity) - now();
    if (!current || left <= 0) return ask();
    if (left <= refreshBeforeMs && now() >= askAgainAt) ask().catch(() => undefined);
    return Promise.resolve(current.token);
  };
}
