import { randomUUID } from "node:crypto";
import { startServer } from "../compose.js";
import { loadConfig } from "../config/load-config.js";
import { createLogger } from "../telemetry/logger.js";

/** A server in the process of its test. */
export interface TestServer extends AsyncDisposable {
  /** "host:port" where gRPC is served: the `address` of a client. */
  readonly address: string;
  /** "host:port" where Connect and gRPC-Web are served. */
  readonly httpAddress: string;
  /** The id of a tenant that nobody has yet. In dev mode a client names its tenant itself. */
  tenant(): string;
  /** Stops it. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a whole server within some milliseconds: on free ports of loopback, with its events in
 * memory, in dev mode (a client says which tenant it is, without a token), and silent.
 *
 * @param settings by their names in a configuration file, to change that
 * @throws ConfigError with every fault in the settings
 */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const flags = {
    grpcAddress: "127.0.0.1:0",
    httpAddress: "127.0.0.1:0",
    store: "memory:",
    logLevel: "silent",
    auditLog: "off",
    ...settings,
  };
  const config = loadConfig({ flags, env: {}, file: undefined, isTerminal: false });
  const server = await startServer(config, createLogger({ level: "silent", pretty: false }));
  const close = async (): Promise<void> => {
    await server.stop();
  };
  return {
    address: server.grpcAddress,
    httpAddress: server.httpAddress ?? "",
    tenant: () => randomUUID(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
