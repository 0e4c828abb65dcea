import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/** How the server logs. */
export interface LoggerOptions {
  readonly level: string;
  /** For a terminal; otherwise one JSON object a line. */
  readonly pretty: boolean;
}

/** The server's logger, on standard output. Never give it a payload, a token or a metadata value. */
export function createLogger(options: LoggerOptions): Logger {
  const base = { level: options.level, base: { service: "annals" } };
  return options.pretty
    ? pino(base, pretty({ ignore: "service", translateTime: "SYS:HH:MM:ss.l" }))
    : pino(base, pino.destination({ fd: 1, sync: false }));
}
