import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const anyPort = ["--grpc-address=127.0.0.1:0", "--http-address=127.0.0.1:0"];

/** A server in a process of its own, which a test may kill. */
export interface ServerProcess {
  /** Where it serves gRPC. */
  readonly address: string;
  /** Where it serves HTTP. */
  readonly httpAddress: string;
  readonly child: ChildProcess;
  /** Lines that it logged so far. */
  readonly log: readonly Record<string, unknown>[];
  /** Sends a signal and waits for the end; answers the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts `annals serve` and waits until it listens; throws with its log when it does not.
 *
 * @param fileBlocks no file grows beyond so many blocks of 512 or 1,024 bytes, as on a disk that is full
 */
export async function startServerProcess(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  fileBlocks: number | "unlimited" = "unlimited",
): Promise<ServerProcess> {
  const command = [process.execPath, "server/dist/main.js", "serve", ...anyPort, ...flags];
  const child = spawn("sh", ["-c", `ulimit -f ${fileBlocks}; exec "$0" "$@"`, ...command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const log: Record<string, unknown>[] = [];
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  const [address, httpAddress] = await new Promise<[string, string]>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry["msg"] === "listening") {
        resolve([String(entry["grpcAddress"]), String(entry["httpAddress"])]);
      }
    });
    void exited.then(() => {
      reject(new Error(`the server did not start: ${errors}${JSON.stringify(log)}`));
    });
  });
  return {
    address,
    httpAddress,
    child,
    log,
    async end(signal) {
      child.kill(signal);
      const [code, by] = await exited;
      return code ?? by;
    },
  };
}
