import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Time for a server to begin to listen, and to stop, in milliseconds. */
const startMs = 30_000;
const stopMs = 20_000;

/** What `npm start` and the image give Node: docs/reference/configuration.md. The baselines get the same. */
const nodeFlags = ["--max-semi-space-size=32"];

/** Lines of a server's output that are kept for the error, should it fail. */
const keptLines = 20;

/** A server in a Node process of its own that says on standard output where it listens. */
export class ServerProcess {
  readonly #output: string[] = [];

  private constructor(
    readonly pid: number,
    private readonly child: ChildProcess,
  ) {}

  /** "host:port" where gRPC is served. */
  address = "";

  /**
   * Starts a server and waits for its line of JSON with the msg "listening" and the grpcAddress.
   *
   * @param args arguments of node: the file and what follows
   * @throws Error with the server's output when it does not come
   */
  static async start(args: readonly string[]): Promise<ServerProcess> {
    const preload = new URL("./exit-with-parent.js", import.meta.url).href;
    const child = spawn(process.execPath, [...nodeFlags, "--import", preload, ...args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: withoutSettings(process.env),
    });
    await once(child, "spawn");
    const server = new ServerProcess(child.pid ?? 0, child);
    try {
      server.address = await server.#listening();
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    return server;
  }

  /** The last lines that the server wrote. */
  get output(): string {
    return this.#output.join("\n");
  }

  /** SIGTERM, and SIGKILL when that does not help. Idempotent. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await exited;
    clearTimeout(timer);
  }

  #listening(): Promise<string> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(timer);
        reject(new Error(`the server ${what}:\n${this.output}`));
      };
      const timer = setTimeout(() => {
        fail(`did not listen within ${startMs} ms`);
      }, startMs);
      child.once("close", (code) => {
        fail(`ended with code ${String(code)}`);
      });
      this.#readLines((line) => {
        const address = addressIn(line);
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      });
    });
  }

  #readLines(take: (line: string) => void): void {
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.#output.push(line);
        if (this.#output.length > keptLines) this.#output.shift();
        take(line);
      });
    }
  }
}

function addressIn(line: string): string | undefined {
  try {
    const fields = JSON.parse(line) as { msg?: unknown; grpcAddress?: unknown };
    return fields.msg === "listening" ? String(fields.grpcAddress) : undefined;
  } catch {
    return undefined; // not a line of the log
  }
}

/** The environment without the settings of a server that runs beside. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("ANNALS_")));
}
