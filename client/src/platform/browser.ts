import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { OpenTransport } from "./platform.js";

/**
 * A value for whatever runs. Browsers have nothing yet that follows awaits: the value is there until the
 * function that runs has returned, and not after its first await.
 */
export class ContextStorage<T> {
  #value: T | undefined;

  run<R>(value: T, run: () => R): R {
    const outer = this.#value;
    this.#value = value;
    try {
      return run();
    } finally {
      this.#value = outer;
    }
  }

  getStore(): T | undefined {
    return this.#value;
  }
}

/** Whether the requests of a call can be streamed: by fetch they cannot. */
export function streamsRequests(): boolean {
  return false;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads parts of bytes as UTF-8. */
export function textReader(bytes: Uint8Array): (start: number, end: number) => string {
  return (start, end) => utf8.decode(bytes.subarray(start, end));
}

/** The Connect protocol in binary, by fetch. */
export function openTransport(origin: string, interceptors: Interceptor[]): OpenTransport {
  const closing = new AbortController();
  const fetchUntilClosed: typeof fetch = (input, init) => {
    const signals = [closing.signal, ...(init?.signal ? [init.signal] : [])];
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
  return {
    transport: createConnectTransport({
      baseUrl: origin,
      useBinaryFormat: true,
      interceptors,
      fetch: fetchUntilClosed,
    }),
    close: () => {
      closing.abort();
    },
  };
}
