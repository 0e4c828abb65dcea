import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AppendRequestSchema, AppendResponse } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import { AnnalsError, inDoubt, isAnnalsError } from "../connection/errors.js";
import { AppendPipeline } from "./append-pipeline.js";

type Request = MessageInitShape<typeof AppendRequestSchema>;

const maxInFlight = 256;
const maxPipelines = 32;
const idleMs = 30_000;
/** Longer than a server that is well takes for any answer. */
const silenceMs = 2_000;
/** Most bytes of appends without an answer: a producer that never waits is stopped here. */
const maxPendingBytes = 256 * 1_024 * 1_024;

/** A pipeline for each credential that appends: no call carries the appends of two tenants. */
export class AppendPipelines {
  readonly #pipelines = new Map<string, AppendPipeline>();
  #pendingBytes = 0;

  constructor(private readonly connection: Connection) {}

  /**
   * Appends in the name of the caller. With too many callers at once it goes as a unary call.
   *
   * @param bytes about as many as the request takes
   * @throws AnnalsError limit_exceeded, with a retry delay, when too much waits for its answer
   */
  async append(
    request: Request,
    bytes: number,
    options: CallOptions = {},
  ): Promise<AppendResponse> {
    if (this.#pendingBytes + bytes > maxPendingBytes) {
      throw tooMuchPending(this.#pendingBytes + bytes);
    }
    this.#pendingBytes += bytes;
    try {
      return await this.#append(request, options);
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  async #append(request: Request, options: CallOptions): Promise<AppendResponse> {
    const { connection } = this;
    const { headers, remainingMs } = await connection.prepare(options);
    const deadline = performance.now() + remainingMs;
    const pipeline = this.#pipelineFor(headers);
    let doubtful = false; // whether a call that was lost may have written it
    if (pipeline) {
      try {
        return await pipeline.append(request, remainingMs, options.signal);
      } catch (error) {
        if (!mayGoAlone(error)) throw error;
        doubtful = error.outcomeUnknown;
      }
    }
    try {
      return await connection.write(
        (client, call) => client.append(request, { ...call, headers }),
        {
          ...options,
          deadlineMs: Math.max(1, deadline - performance.now()),
        },
      );
    } catch (error) {
      throw doubtful ? inDoubt(error) : error;
    }
  }

  /** Ends every call. */
  close(): void {
    for (const pipeline of this.#pipelines.values()) pipeline.close();
    this.#pipelines.clear();
  }

  #pipelineFor(headers: Headers): AppendPipeline | undefined {
    const key = JSON.stringify([...headers]);
    const known = this.#pipelines.get(key);
    if (known) return known;
    if (this.#pipelines.size >= maxPipelines && !this.#dropIdle()) return undefined;
    const pipeline = new AppendPipeline({
      open: (requests, signal) => this.connection.appendStream(requests, headers, signal),
      maxInFlight,
      idleMs,
      silenceMs,
      onIdle: () => this.#pipelines.delete(key),
    });
    this.#pipelines.set(key, pipeline);
    return pipeline;
  }

  #dropIdle(): boolean {
    for (const [key, pipeline] of this.#pipelines) {
      if (!pipeline.idle) continue;
      pipeline.close();
      return this.#pipelines.delete(key);
    }
    return false;
  }
}

/** Whether the server takes no such call, for now or at all: then each append goes by itself. */
function mayGoAlone(error: unknown): error is AnnalsError {
  return (
    isAnnalsError(error, "unimplemented") ||
    (isAnnalsError(error, "limit_exceeded") && error.details.limit === "tenant_open_streams")
  );
}

function tooMuchPending(bytes: number): AnnalsError {
  const message = "too many appends wait for their answers: await some before making more";
  const details = {
    limit: "pending_bytes",
    maximum: BigInt(maxPendingBytes),
    actual: BigInt(bytes),
    field: "",
  };
  return new AnnalsError("limit_exceeded", message, details, { retryAfterMs: 100 });
}
