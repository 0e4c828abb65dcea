import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts `annals serve` on a free port of loopback, and waits until it listens (10 s at most). */
export async function startServerProcess(file: string, jwtKey: string): Promise<ServerProcess> {
  const main = fileURLToPath(new URL("main.js", import.meta.resolve("@annals/server")));
  const child = spawn(
    process.execPath,
    [
      main,
      "serve",
      "--grpc-address=127.0.0.1:0",
      "--http-address=off",
      `--store=sqlite:${file}`,
      "--auth=jwt",
    ],
    {
      env: { ...process.env, ANNALS_AUTH_JWT_KEY: jwtKey, ANNALS_LOG_FORMAT: "json" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const stop = (): Promise<void> => stopProcess(child);
  try {
    return { address: await addressOf(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  const timeout = setTimeout(() => child.kill("SIGKILL"), 10_000);
  try {
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      const { msg, grpcAddress } = JSON.parse(line) as Record<string, unknown>;
      if (msg === "listening" && typeof grpcAddress === "string") {
        child.stdout?.resume();
        return grpcAddress;
      }
    }
    throw new Error("the server did not start");
  } finally {
    clearTimeout(timeout);
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  const timeout = setTimeout(() => child.kill("SIGKILL"), 10_000);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(timeout);
}
