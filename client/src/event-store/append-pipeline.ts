import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AppendRequestSchema,
  AppendResponse,
  AppendStreamRequestSchema,
  AppendStreamResponse,
} from "@annals/proto/annals/v1/event_store";
import { AbortListeners } from "../connection/abort-listeners.js";
import { AnnalsError, type ErrorCode, inDoubt } from "../connection/errors.js";
import { toAnnalsError, toAppendError } from "../connection/wire-error.js";

type Request = MessageInitShape<typeof AppendRequestSchema>;
type StreamRequest = MessageInitShape<typeof AppendStreamRequestSchema>;

/** Opens the call over which the appends of one credential go. */
export type OpenAppendStream = (
  requests: AsyncIterable<StreamRequest>,
  signal: AbortSignal,
) => AsyncIterable<AppendStreamResponse>;

/** An append that has no answer yet. */
interface Entry {
  readonly request: Request;
  /** How many calls it was handed to: from the first on its outcome may be unknown. */
  sends: number;
  readonly settle: (outcome: AppendResponse | AnnalsError) => void;
}

/** How a pipeline behaves. */
export interface PipelineOptions {
  readonly open: OpenAppendStream;
  /** Most appends sent and not answered; the others wait on this side. */
  readonly maxInFlight: number;
  /** How long a call without appends stays open, in milliseconds. */
  readonly idleMs: number;
  /**
   * How long a call with appends may go without any answer, in milliseconds, and twice as long after each that
   * did: an append that is late then ends it, and the others go over the next.
   */
  readonly silenceMs: number;
  /** Called when the call ended because nothing needed it. */
  readonly onIdle: () => void;
}

/**
 * Appends over one call, many in flight. A call that is lost is opened again, and what has no answer
 * is sent again with the same event ids, in the order in which it was given.
 */
export class AppendPipeline {
  #nextId = 1n;
  #queued = new Map<bigint, Entry>();
  readonly #sent = new Map<bigint, Entry>();
  readonly #aborts = new AbortListeners();
  #running = false;
  #closed = false;
  #attempts = 0;
  /** Why the last call was lost, if nothing was answered since. */
  #lost: AnnalsError | undefined;
  #call = new AbortController();
  /** When the first append was sent since the call's last answer, by `performance.now()`. */
  #silentSince: number | undefined;
  /** Calls ended one after the other because nothing was answered: each is waited for twice as long. */
  #silentCalls = 0;
  #wake: () => void = () => undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PipelineOptions) {}

  /** Whether nothing waits for an answer. */
  get idle(): boolean {
    return this.#queued.size + this.#sent.size === 0;
  }

  /**
   * Sends an append and waits for its answer, through lost calls, until the time is up.
   *
   * @throws AnnalsError with `outcomeUnknown` when it was sent and the answer did not come
   */
  append(request: Request, deadlineMs: number, signal?: AbortSignal): Promise<AppendResponse> {
    clearTimeout(this.#idleTimer);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const giveUp = (code: "cancelled" | "deadline_exceeded", cause?: unknown): void => {
        const text = this.#lost ? `no answer yet: ${this.#lost.message}` : "no answer yet";
        entry.settle(new AnnalsError(code, text, {}, { cause, outcomeUnknown: entry.sends > 0 }));
      };
      const abort = (): void => {
        giveUp("cancelled", signal?.reason);
      };
      const timer = setTimeout(() => {
        giveUp("deadline_exceeded", this.#lost);
        this.#endIfSilent();
      }, deadlineMs);
      const settle = (outcome: AppendResponse | AnnalsError): void => {
        clearTimeout(timer);
        ignore?.();
        this.#queued.delete(id);
        this.#sent.delete(id);
        this.#settled();
        if (outcome instanceof AnnalsError) reject(outcome);
        else resolve(outcome);
      };
      const entry: Entry = { request, sends: 0, settle };
      const ignore = signal && this.#aborts.add(signal, abort);
      this.#queued.set(id, entry);
      this.#wake();
      if (signal?.aborted) abort();
      else if (!this.#running) void this.#run();
    });
  }

  /** Ends the call; what has no answer fails with `closed`. */
  close(): void {
    this.#closed = true;
    this.#failAll("closed", "the client was closed");
    clearTimeout(this.#idleTimer);
    this.#stop();
  }

  #stop(): void {
    this.#call.abort();
    this.#wake();
  }

  #endIfSilent(): void {
    if (this.#silentSince === undefined) return;
    const patienceMs = this.options.silenceMs * 2 ** this.#silentCalls;
    if (performance.now() - this.#silentSince < patienceMs) return;
    this.#silentCalls++;
    this.#stop();
  }

  #settled(): void {
    this.#wake();
    if (!this.idle || this.#closed) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      this.#stop();
      this.options.onIdle();
    }, this.options.idleMs);
    this.#idleTimer.unref();
  }

  /** One call after the other, for as long as something waits for an answer. */
  async #run(): Promise<void> {
    this.#running = true;
    while (!this.idle && !this.#closed) {
      const { signal } = (this.#call = new AbortController());
      this.#silentSince = undefined;
      try {
        for await (const answer of this.options.open(this.#requests(signal), signal)) {
          if (!this.#take(answer)) break;
        }
      } catch (error) {
        const known = toAnnalsError(error, { writes: true, signal });
        if (!signal.aborted) {
          if (isPassing(known)) this.#lost = known;
          else this.#failAll(known.code, known.message, known);
        }
      }
      this.#stop();
      this.#queued = new Map([...this.#sent, ...this.#queued]);
      this.#sent.clear();
      if (!this.idle) await this.#backOff();
    }
    this.#running = false;
  }

  async *#requests(signal: AbortSignal): AsyncGenerator<StreamRequest, void, undefined> {
    while (!signal.aborted) {
      const [next] = this.#queued;
      if (next === undefined || this.#sent.size >= this.options.maxInFlight) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const [correlationId, entry] = next;
      this.#queued.delete(correlationId);
      this.#sent.set(correlationId, entry);
      entry.sends++;
      this.#silentSince ??= performance.now();
      yield { correlationId, append: entry.request };
    }
  }

  /** @returns false when the server cannot take appends now, so that all are to be sent again */
  #take({ correlationId, outcome }: AppendStreamResponse): boolean {
    this.#silentSince = undefined;
    this.#silentCalls = 0;
    this.#lost = undefined;
    const entry = this.#sent.get(correlationId);
    if (!entry) return true; // given up
    if (outcome.case === "appended") {
      this.#attempts = 0;
      entry.settle(outcome.value);
      return true;
    }
    const error =
      outcome.case === "failed"
        ? toAppendError(outcome.value)
        : new AnnalsError("internal", "the server answered nothing", {}, { outcomeUnknown: true });
    if (isPassing(error)) {
      this.#lost = error;
      return false;
    }
    entry.settle(entry.sends > 1 ? inDoubt(error) : error);
    return true;
  }

  #failAll(code: ErrorCode, message: string, known?: AnnalsError): void {
    const { cause, details = {}, requestId = "", retryAfterMs } = known ?? {};
    const fail = ({ settle }: Entry, outcomeUnknown: boolean): void => {
      settle(
        new AnnalsError(code, message, details, { cause, requestId, retryAfterMs, outcomeUnknown }),
      );
    };
    // Of a call that the server refused as a whole, nothing was written. What is queued it did not carry.
    const refused = known !== undefined && known.requestId !== "" && !known.outcomeUnknown;
    const [sent, queued] = [[...this.#sent.values()], [...this.#queued.values()]];
    for (const entry of sent) fail(entry, entry.sends > (refused ? 1 : 0));
    for (const entry of queued) fail(entry, entry.sends > 0);
  }

  /** 25 ms, doubled with each try up to 1.6 s, and half of it by chance. Ends early on `close`. */
  async #backOff(): Promise<void> {
    const most = 25 * 2 ** Math.min(this.#attempts++, 6);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, most * (0.5 + Math.random() / 2));
      this.#wake = () => {
        if (!this.idle && !this.#closed) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Whether the same append may succeed later. */
function isPassing({ code }: AnnalsError): boolean {
  return code === "unavailable";
}
