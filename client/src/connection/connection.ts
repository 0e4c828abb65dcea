import type { DescService, MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import {
  type AppendStreamRequestSchema,
  type AppendStreamResponse,
  EventStore,
} from "@annals/proto/annals/v1/event_store";
import { openTransport } from "#platform";
import type { OpenTransport } from "../platform/platform.js";
import { AbortListeners } from "./abort-listeners.js";
import { parseAddress } from "./address.js";
import { type CredentialOptions, setCredentials, withCredentials } from "./credentials.js";
import { AnnalsError } from "./errors.js";
import { rawEventStore, type RawReads } from "./raw-event-store.js";
import { sleep } from "./sleep.js";
import { type TraceOptions, withTrace } from "./trace.js";
import { type FailedCall, toAnnalsError } from "./wire-error.js";

/** How to reach a server. */
export interface ConnectionOptions extends CredentialOptions, TraceOptions {
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
   * Aborted before the call: nothing was sent. Aborted later: the caller no longer waits, and an
   * append may have been written all the same; the same events appended again tell.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Time for this call, in milliseconds, up to 99,999,999. Default: that of the connection, for
   * each call that it takes; none for streamed reads.
   */
  readonly deadlineMs?: number | undefined;
}

type EventStoreClient = Client<typeof EventStore>;

type UnaryCall<T, AnyClient> = (
  client: AnyClient,
  options: { timeoutMs: number; signal?: AbortSignal },
) => Promise<T>;

let read: typeof EventStore | undefined;

/** Made when it is first used. */
function readService(): typeof EventStore {
  return (read ??= rawEventStore());
}

/** The calls to one server. */
export class Connection {
  readonly #open: OpenTransport;
  readonly #client: EventStoreClient;
  readonly #reads: RawReads;
  readonly #deadlineMs: number;
  readonly #closing = new AbortController();
  readonly #aborts = new AbortListeners();

  /** @throws AnnalsError invalid_options */
  constructor(private readonly options: ConnectionOptions) {
    const secret = options.token !== undefined;
    const url = parseAddress(options.address, secret, options.allowPlaintext ?? false);
    this.#deadlineMs = parseDeadline(options.deadlineMs ?? 30_000);
    const credentials = withCredentials(options, (asked, signal) => this.#race(asked, signal));
    // The client may be closed while a credential is awaited: no connection is opened after.
    this.#open = openTransport(url.origin, [credentials, withTrace(options), this.#whileOpen]);
    this.#client = createClient(EventStore, this.#open.transport);
    this.#reads = createClient(readService(), this.#open.transport) as unknown as RawReads;
  }

  /** Makes a unary call that reads. @throws AnnalsError */
  call<T>(run: UnaryCall<T, RawReads>, options?: CallOptions): Promise<T> {
    return this.#unary(this.#reads, run, options, false);
  }

  /** Makes a unary call that writes: its errors say when the outcome is unknown. @throws AnnalsError */
  write<T>(run: UnaryCall<T, EventStoreClient>, options?: CallOptions): Promise<T> {
    return this.#unary(this.#client, run, options, true);
  }

  /** Makes a unary call that reads, of another service than the event store's. @throws AnnalsError */
  callOf<Service extends DescService, T>(
    service: Service,
    run: UnaryCall<T, Client<Service>>,
    options?: CallOptions,
  ): Promise<T> {
    return this.#unary(createClient(service, this.#open.transport), run, options, false);
  }

  /** Like callOf, for a call that writes. @throws AnnalsError */
  writeOf<Service extends DescService, T>(
    service: Service,
    run: UnaryCall<T, Client<Service>>,
    options?: CallOptions,
  ): Promise<T> {
    return this.#unary(createClient(service, this.#open.transport), run, options, true);
  }

  async #unary<AnyClient, T>(
    client: AnyClient,
    run: UnaryCall<T, AnyClient>,
    { signal, deadlineMs = this.#deadlineMs }: CallOptions = {},
    writes: boolean,
  ): Promise<T> {
    this.#assertReady(signal);
    const timeoutMs = parseDeadline(deadlineMs);
    const own = signal && this.#follow(signal);
    try {
      return await run(client, { timeoutMs, ...(own && { signal: own.controller.signal }) });
    } catch (error) {
      throw this.#errorOf(error, { writes, signal });
    } finally {
      own?.ignore();
    }
  }

  /** Reads a stream of answers. Leaving the loop cancels the server's call. @throws AnnalsError */
  async *stream<T>(
    run: (
      client: RawReads,
      options: { timeoutMs?: number; signal: AbortSignal },
    ) => AsyncIterable<T>,
    { signal, deadlineMs }: CallOptions = {},
  ): AsyncGenerator<T, void, undefined> {
    this.#assertReady(signal);
    const timeout = deadlineMs === undefined ? {} : { timeoutMs: parseDeadline(deadlineMs) };
    const { controller, ignore } = this.#follow(signal);
    try {
      yield* run(this.#reads, { signal: controller.signal, ...timeout });
    } catch (error) {
      throw this.#errorOf(error, { writes: false, signal });
    } finally {
      ignore();
      controller.abort();
    }
  }

  /** A call's own signal, aborted with its caller's, which may be that of many calls. */
  #follow(signal: AbortSignal | undefined): { controller: AbortController; ignore: () => void } {
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(signal?.reason);
    };
    return { controller, ignore: signal ? this.#aborts.add(signal, abort) : () => undefined };
  }

  /** Waits, unless the client is closed or the signal aborted meanwhile. @throws AnnalsError */
  async pause(ms: number, signal?: AbortSignal): Promise<void> {
    const waking = new AbortController();
    await this.#race(sleep(ms, waking.signal), signal).catch(() => undefined);
    waking.abort();
    this.#assertReady(signal);
  }

  /**
   * What a call needs that goes over a stream others use too: the credentials of its caller, and
   * what is left of its time, in milliseconds, after waiting for them. @throws AnnalsError
   */
  async prepare({ signal, deadlineMs = this.#deadlineMs }: CallOptions): Promise<{
    readonly headers: Headers;
    readonly remainingMs: number;
  }> {
    this.#assertReady(signal);
    const end = performance.now() + parseDeadline(deadlineMs);
    const headers = new Headers();
    await setCredentials(headers, this.options, (asked) => this.#waitUntil(end, asked, signal));
    this.#assertReady(signal);
    return { headers, remainingMs: Math.max(1, end - performance.now()) };
  }

  /** Waits for a credential until a time of `performance.now()` at the latest. @throws AnnalsError */
  async #waitUntil<T>(end: number, asked: Promise<T>, signal?: AbortSignal): Promise<T> {
    const timeout = new AbortController();
    const timer = setTimeout(() => {
      timeout.abort(new AnnalsError("deadline_exceeded", "no credential in time", {}));
    }, end - performance.now());
    try {
      return await this.#race(asked, signal, timeout.signal);
    } catch (error) {
      this.#assertReady(signal);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What a promise gives, unless the client is closed or a signal aborted first. @throws its reason */
  #race<T>(promise: Promise<T>, ...signals: (AbortSignal | undefined)[]): Promise<T> {
    const given = signals.filter((signal) => signal !== undefined);
    return this.#aborts.race(promise, [this.#closing.signal, ...given]);
  }

  /** Opens a call for many appends, with the credentials given. */
  appendStream(
    requests: AsyncIterable<MessageInitShape<typeof AppendStreamRequestSchema>>,
    headers: Headers,
    signal: AbortSignal,
  ): AsyncIterable<AppendStreamResponse> {
    return this.#client.appendStream(requests, { headers, signal });
  }

  /** Ends every call and lets go of the connection. Idempotent. */
  close(): void {
    this.#closing.abort(closed());
    this.#open.close();
  }

  readonly #whileOpen: Interceptor = (next) => (request) => {
    this.#assertReady();
    return next(request);
  };

  #assertReady(signal?: AbortSignal): void {
    if (this.#closing.signal.aborted) throw closed();
    if (!signal?.aborted) return;
    const cause: unknown = signal.reason;
    throw new AnnalsError("cancelled", "aborted before the call", {}, { cause });
  }

  #errorOf(error: unknown, call: FailedCall): AnnalsError {
    const known = toAnnalsError(error, call);
    // After a close, too, what the server answered stands, and what was never sent was not written.
    if (!this.#closing.signal.aborted || known.requestId !== "" || known.code === "closed")
      return known;
    const extras = { cause: error, outcomeUnknown: call.writes };
    return new AnnalsError("closed", "the client was closed", {}, extras);
  }
}

function closed(): AnnalsError {
  return new AnnalsError("closed", "the client is closed", {});
}

/** gRPC has room for eight digits; connect would take 0 for no deadline at all. */
function parseDeadline(deadlineMs: number): number {
  if (deadlineMs > 0 && deadlineMs <= 99_999_999) return Math.ceil(deadlineMs);
  throw new AnnalsError("invalid_options", `deadlineMs cannot be ${deadlineMs}`, {});
}
