import type { Connection } from "../connection/connection.js";
import { ProviderFailure } from "../connection/credentials.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import { mayPass } from "../connection/may-pass.js";
import type { EventRegistry } from "../events/registry.js";
import type { UndecodedPage } from "./event-stream.js";
import { type ReadAllOptions, readAllPages } from "./read-all.js";

/** What a subscription is doing. */
export type SubscriptionState =
  /** A call is being made. */
  | { readonly kind: "connecting" }
  /** Events that were in the log before are coming. */
  | { readonly kind: "catching_up" }
  /** Events come as they are written. */
  | { readonly kind: "live" }
  /** The call was lost; the next one is made after `delayMs`. */
  | { readonly kind: "waiting"; readonly error: AnnalsError; readonly delayMs: number };

/** What to subscribe to. */
export interface SubscribeOptions extends Pick<
  ReadAllOptions,
  "scope" | "after" | "filter" | "signal" | "unknownEvents"
> {
  /** Told whenever the state changes. What it throws ends the loop. */
  readonly onState?: (state: SubscriptionState) => void;
  /** Longest time between two attempts, in milliseconds; the first is 100. Default: 10,000. */
  readonly maxDelayMs?: number;
}

const minDelayMs = 100;

/** Follows a log, call after call, each from where the one before ended. */
export async function* subscribe(
  connection: Connection,
  registry: EventRegistry,
  options: SubscribeOptions,
): AsyncGenerator<UndecodedPage, void, undefined> {
  const { scope, filter, signal, unknownEvents, onState, maxDelayMs = 10_000 } = options;
  let after = options.after;
  let delayMs = minDelayMs;
  let everConnected = false;
  let telling = false; // what onState throws is not the call's
  const tell = (state: SubscriptionState): void => {
    telling = true;
    onState?.(state);
    telling = false;
  };
  for (;;) {
    tell({ kind: "connecting" });
    let connected = false;
    try {
      const request = { ...{ scope, after, filter, signal, unknownEvents }, follow: true };
      for await (const page of readAllPages(connection, registry, defined(request))) {
        if (!connected && page.mark !== "caught_up") tell({ kind: "catching_up" });
        connected = everConnected = true;
        delayMs = minDelayMs;
        if (page.mark) tell({ kind: page.mark === "caught_up" ? "live" : "catching_up" });
        yield page;
        after = page.resumeFrom;
      }
      throw new AnnalsError("unavailable", "the server ended the call", {});
    } catch (error) {
      if (telling || !isAnnalsError(error)) throw error;
      // A credential that was good may have run out, and a provider that gave one may be out of order.
      const renewable = connected || (everConnected && error instanceof ProviderFailure);
      if (!mayPass(error, renewable)) throw error;
      const wait = Math.max(error.retryAfterMs ?? 0, delayMs * (0.5 + Math.random() / 2));
      delayMs = Math.min(2 * delayMs, maxDelayMs);
      tell({ kind: "waiting", error, delayMs: wait });
      await connection.pause(wait, signal);
    }
  }
}

/** Without what is undefined. */
function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
