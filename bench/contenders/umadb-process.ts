import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { freePort } from "./free-port.js";
import type { RunningServer } from "./grpc-server-under-load.js";

/** Time to begin to listen, in milliseconds. */
const startMs = 30_000;

/** The server lives as long as the pipe to this shell is open: never longer than the benchmark. */
const supervise = `"$@" 2>&1 & server=$!; echo "pid $server"; cat >/dev/null; kill -TERM $server; wait $server`;

/**
 * Starts UmaDB's own server with an empty database in a folder, as it comes: no setting is changed.
 *
 * @param programs where its program is
 * @throws Error with its output when it does not start
 */
export async function startUmaDb(programs: string, folder: string): Promise<RunningServer> {
  const address = `127.0.0.1:${await freePort()}`;
  const command = [
    join(programs, "umadb"),
    "--listen",
    address,
    "--db-path",
    join(folder, "uma.db"),
  ];
  const child = spawn("/bin/sh", ["-c", supervise, "sh", ...command], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: process.env["PATH"] },
  });
  const lines: string[] = [];
  let pid = 0;
  const started = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (line.startsWith("pid ")) pid = Number(line.slice(4));
      if (line.startsWith("UmaDB started")) resolve(true);
    });
    child.once("close", () => {
      resolve(false);
    });
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  const timeUp = setTimeout(startMs, false, { ref: false });
  if (await Promise.race([started, timeUp])) {
    return { address, pid, stop, output: "" };
  }
  await stop();
  throw new Error(`umadb did not start:\n${lines.join("\n")}`);
}
