import type { Config } from "../config/config.js";
import { standardOutput } from "../telemetry/line-writer.js";
import { createLogger } from "../telemetry/logger.js";

/**
 * Runs the server until SIGTERM or SIGINT, which end it as soon as it has started when they come before; a second
 * signal ends the process at once.
 */
export async function serve(config: Config): Promise<void> {
  const stdout = standardOutput();
  process.once("exit", () => {
    stdout.close();
  });
  const logger = createLogger({ level: config.logLevel, pretty: config.prettyLogs }, stdout);
  // Before anything is opened: the first process of a container is not ended by a signal that it does not handle.
  const toldToStop = new Promise<NodeJS.Signals>((resolve) => {
    let told = false;
    const tell = (signal: NodeJS.Signals): void => {
      if (told) process.exit(1);
      told = true;
      resolve(signal);
    };
    process.on("SIGTERM", tell).on("SIGINT", tell);
  });
  const { startServer } = await import("../compose.js"); // most of the code, and of the time to load it
  const server = await startServer(config, logger, stdout).catch((error: unknown) => {
    logger.fatal({ err: error }, "cannot start");
    process.exitCode = 1;
  });
  if (!server) return;
  const { grpcAddress, httpAddress, metricsAddress } = server;
  logger.info({ grpcAddress, httpAddress, metricsAddress, store: config.store.kind }, "listening");

  logger.info({ signal: await toldToStop }, "stopping");
  try {
    const drained = await server.stop();
    logger.info({ drained }, drained ? "stopped" : "stopped; some calls were cut off");
  } catch (error) {
    logger.error({ err: error }, "stopping failed");
    process.exitCode = 1;
  }
}
