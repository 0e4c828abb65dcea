import { startServer } from "../compose.js";
import type { Config } from "../config/config.js";
import { createLogger } from "../telemetry/logger.js";

/** Runs the server until SIGTERM or SIGINT; a second signal ends the process at once. */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger({ level: config.logLevel, pretty: config.prettyLogs });
  process.once("exit", () => {
    logger.flush();
  });
  const server = await startServer(config, logger).catch((error: unknown) => {
    logger.fatal({ err: error }, "cannot start");
    process.exitCode = 1;
  });
  if (!server) return;
  const { grpcAddress, httpAddress, metricsAddress } = server;
  logger.info({ grpcAddress, httpAddress, metricsAddress, store: config.store.kind }, "listening");

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, "stopping");
    server.stop().then(
      (drained) => {
        logger.info({ drained }, drained ? "stopped" : "stopped; some calls were cut off");
      },
      (error: unknown) => {
        logger.error({ err: error }, "stopping failed");
        process.exitCode = 1;
      },
    );
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}
