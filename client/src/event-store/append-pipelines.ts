import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { AppendRequestSchema, type AppendResponse } from "@annals/proto/annals/v1/event_store";
import type { CallOptions, Connection } from "../connection/connection.js";
import { AnnalsError } from "../connection/errors.js";
import { AppendPipeline } from "./append-pipeline.js";

type Request = MessageInitShape<typeof AppendRequestSchema>;

const maxInFlight = 256;
const maxPipelines = 32;
const idleMs = 30_000;
/** What a server takes in one message by default, less room for the envelope: 5 MiB - 64 bytes. */
const maxRequestBytes = 5_242_816;

/** A pipeline for each credential that appends: no call carries the appends of two tenants. */
export class AppendPipelines {
  readonly #pipelines = new Map<string, AppendPipeline>();

  constructor(private readonly connection: Connection) {}

  /**
   * Appends in the name of the caller. With too many callers at once it goes as a unary call.
   *
   * @throws AnnalsError limit_exceeded before anything is sent: a message that is too large would
   *   end the call for all
   */
  async append(init: Request, options: CallOptions = {}): Promise<AppendResponse> {
    const { connection } = this;
    const request = create(AppendRequestSchema, init);
    assertFits(toBinary(AppendRequestSchema, request).length);
    const { headers, remainingMs } = await connection.prepare(options);
    const pipeline = this.#pipelineFor(headers);
    if (pipeline) return pipeline.append(request, remainingMs, options.signal);
    return connection.write((client, call) => client.append(request, { ...call, headers }), {
      ...options,
      deadlineMs: remainingMs,
    });
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

function assertFits(bytes: number): void {
  if (bytes <= maxRequestBytes) return;
  throw new AnnalsError("limit_exceeded", `an append of ${bytes} bytes is too large`, {
    limit: "message_bytes",
    maximum: BigInt(maxRequestBytes),
    actual: BigInt(bytes),
    field: "append",
  });
}
