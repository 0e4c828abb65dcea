import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startPostgres } from "../../bench/dist/contenders/postgres-process.js";

/** The stores that clients are tried against: each runs `use(url)`, and leaves nothing behind. */
export const stores = {
  SQLite: (use) => inFolder((folder) => use(`sqlite:${join(folder, "annals.db")}`)),
  PostgreSQL: (use) =>
    inFolder(async (folder) => {
      const { url, stop } = await startPostgres(folder);
      try {
        return await use(url);
      } finally {
        await stop();
      }
    }),
};

/** Runs `use(address)` beside a server in dev mode. */
export async function withServer(store, use) {
  const settings = { ANNALS_STORE: store, ANNALS_MIGRATE: String(store.startsWith("postgres")) };
  const server = spawn(
    process.execPath,
    ["server/dist/main.js", "serve", "--grpc-address=127.0.0.1:0", "--http-address=off"],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...settings, ANNALS_AUDIT_LOG: "off", ANNALS_LOG_FORMAT: "json" },
    },
  );
  const exited = once(server, "exit");
  try {
    return await use(await listening(server));
  } finally {
    server.kill();
    await exited;
  }
}

async function listening(server) {
  const lines = createInterface({ input: server.stdout });
  for await (const line of lines) {
    const { msg, grpcAddress } = JSON.parse(line);
    if (msg !== "listening") continue;
    server.stdout.resume();
    return grpcAddress;
  }
  throw new Error("the server ended before it listened");
}

async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), "annals-clients-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
