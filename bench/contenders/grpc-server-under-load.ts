import type { GeneratorProcess } from "../load/generator-process.js";
import type { LoadResult, RequestTemplate } from "../load/load-job.js";
import type { Load } from "./contender.js";

/** A server in a process of its own. */
export interface RunningServer {
  /** "host:port". */
  readonly address: string;
  readonly pid: number;
  /** The last lines that it wrote. */
  readonly output: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** A server process, and the generator that calls it: what contenders over gRPC have in common. */
export class GrpcServerUnderLoad {
  #server: RunningServer | undefined;
  #jobs = 0;

  /** @param open starts the server */
  constructor(
    private readonly generator: GeneratorProcess,
    private readonly request: RequestTemplate,
    private readonly open: () => Promise<RunningServer>,
  ) {}

  /** "host:port". */
  get address(): string {
    return this.#server?.address ?? "";
  }

  /** 0 before it is started. */
  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  async start(): Promise<void> {
    this.#server = await this.open();
  }

  /** @throws Error with the last lines of the server's output when a call fails */
  async drive(load: Load, options?: { signal?: AbortSignal }): Promise<LoadResult> {
    const server = this.#server;
    if (!server) throw new Error("not started");
    const job = {
      ...load,
      address: server.address,
      request: this.request,
      serverPid: server.pid,
      tag: ++this.#jobs,
    };
    try {
      return await this.generator.run(job, options);
    } catch (error) {
      if (options?.signal?.aborted) throw error;
      const problem = error instanceof Error ? error.message : String(error);
      throw new Error(`${problem}\nThe server's last output:\n${server.output}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}
