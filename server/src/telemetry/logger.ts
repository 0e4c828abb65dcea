import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { LineWriter } from "./line-writer.js";

/** How the server logs. */
export interface LoggerOptions {
  readonly level: string;
  /** For a terminal; otherwise one JSON object a line. */
  readonly pretty: boolean;
}

/**
 * The server's logger, on standard output, where a line is soon after. Its `flush` is for when the process ends.
 * Never give it a payload, a token or a metadata value.
 */
export function createLogger({ level, pretty }: LoggerOptions): Logger {
  const lines = new LineWriter(1, false, {
    onFreed: (lost) => {
      logger.warn({ lost }, "the log could not be written for a while");
    },
  });
  const toText = pretty
    ? prettyFactory({ ignore: "service", translateTime: "SYS:HH:MM:ss.l" })
    : (line: string) => line;
  const output = {
    write: (line: string) => {
      lines.write(toText(line));
    },
    flush: () => {
      lines.close();
    },
  };
  const logger = pino({ level, base: { service: "annals" } }, output);
  return logger;
}
