import { randomUUID } from "node:crypto";
import { type AnnalsServer, startServer } from "#server/compose.js";
import { loadConfig } from "#server/config/load-config.js";
import { createLogger } from "#server/telemetry/logger.js";

/** Settings of a server under test, by their file keys; everything else has its default. */
export type TestSettings = Readonly<Record<string, string>>;

/** A whole server in this process, on a free port of loopback, in dev mode unless told otherwise. */
export function startTestServer(settings: TestSettings = {}): Promise<AnnalsServer> {
  const config = loadConfig({
    flags: {
      grpcAddress: "127.0.0.1:0",
      httpAddress: "127.0.0.1:0",
      store: "memory:",
      logLevel: "silent",
      auditLog: "off",
      ...settings,
    },
    env: {},
    file: undefined,
    isTerminal: false,
  });
  return startServer(config, createLogger({ level: "silent", pretty: false }));
}

/** A tenant that no other test has. */
export function newTenant(): string {
  return randomUUID();
}
