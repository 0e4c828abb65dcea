import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { type LineWriter, standardOutput } from "./line-writer.js";

/** How the server logs. */
export interface LoggerOptions {
  readonly level: string;
  /** For a terminal; otherwise one JSON object a line. */
  readonly pretty: boolean;
}

/**
 * The server's logger. Never give it a payload, a token or a metadata value.
 *
 * @param lines takes its lines; standard output, where a line is soon after
 */
export function createLogger(
  { level, pretty }: LoggerOptions,
  lines: LineWriter = standardOutput(),
): Logger {
  const toText = pretty
    ? prettyFactory({ ignore: "service", translateTime: "SYS:HH:MM:ss.l" })
    : (line: string) => line;
  const output = {
    write: (line: string) => {
      lines.write(toText(line));
    },
  };
  const logger = pino({ level, base: { service: "annals" } }, output);
  lines.listen({
    onFreed: (lost) => {
      logger.warn({ lost }, "the log could not be written for a while");
    },
  });
  return logger;
}
