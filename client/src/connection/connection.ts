import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { parseAddress } from "./address.js";
import { type CredentialOptions, withCredentials } from "./credentials.js";
import { AnnalsError } from "./errors.js";
import { toAnnalsError } from "./wire-error.js";

/** How to reach a server. */
export interface ConnectionOptions extends CredentialOptions {
  /** `host:port` or a URL. Without a scheme: https, or http where the host is this machine. */
  readonly address: string;
  /** Allows a token to go in the clear to another machine. Default: false. */
  readonly allowPlaintext?: boolean;
  /** Time for a unary call, in milliseconds. Default: 30,000. */
  readonly deadlineMs?: number;
}

/** Options of a single call. */
export interface CallOptions {
  /**
   * Aborted: the caller no longer waits. An append may have been written all the same; the same
   * events appended again tell.
   */
  readonly signal?: AbortSignal | undefined;
  /** Time for this call, in milliseconds. Default: that of the connection; none for streamed reads. */
  readonly deadlineMs?: number | undefined;
}

/** One HTTP/2 connection to a server, opened when it is first used and again when it was lost. */
export class Connection {
  readonly #sessions: Http2SessionManager;
  readonly #client: Client<typeof EventStore>;
  readonly #deadlineMs: number;
  #closed = false;

  /** @throws AnnalsError invalid_options */
  constructor(options: ConnectionOptions) {
    const secret = options.token !== undefined;
    const url = parseAddress(options.address, secret, options.allowPlaintext ?? false);
    this.#deadlineMs = options.deadlineMs ?? 30_000;
    this.#sessions = new Http2SessionManager(url.origin);
    const transport = createGrpcTransport({
      baseUrl: url.origin,
      sessionManager: this.#sessions,
      interceptors: [withCredentials(options)],
    });
    this.#client = createClient(EventStore, transport);
  }

  /** Makes a unary call. @throws AnnalsError */
  async call<T>(
    run: (
      client: Client<typeof EventStore>,
      options: { timeoutMs: number; signal?: AbortSignal },
    ) => Promise<T>,
    { signal, deadlineMs = this.#deadlineMs }: CallOptions = {},
  ): Promise<T> {
    this.#assertOpen();
    try {
      return await run(this.#client, { timeoutMs: deadlineMs, ...(signal && { signal }) });
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  /** Reads a stream of answers. Leaving the loop cancels the server's call. @throws AnnalsError */
  async *stream<T>(
    run: (
      client: Client<typeof EventStore>,
      options: { timeoutMs?: number; signal: AbortSignal },
    ) => AsyncIterable<T>,
    { signal, deadlineMs }: CallOptions = {},
  ): AsyncGenerator<T, void, undefined> {
    this.#assertOpen();
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(signal?.reason);
    };
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const timeout = deadlineMs === undefined ? {} : { timeoutMs: deadlineMs };
    try {
      yield* run(this.#client, { signal: controller.signal, ...timeout });
    } catch (error) {
      throw this.#errorOf(error);
    } finally {
      signal?.removeEventListener("abort", abort);
      controller.abort();
    }
  }

  /** Ends every call and lets go of the connection. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#sessions.abort(new AnnalsError("closed", "the client was closed", {}));
  }

  #assertOpen(): void {
    if (this.#closed) throw new AnnalsError("closed", "the client is closed", {});
  }

  #errorOf(error: unknown): AnnalsError {
    if (!this.#closed) return toAnnalsError(error);
    const extras = { cause: error, outcomeUnknown: true };
    return new AnnalsError("closed", "the client was closed", {}, extras);
  }
}
