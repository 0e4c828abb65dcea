import { closeSync, openSync } from "node:fs";
import { pino } from "pino";
import { LineWriter, type LineWriterEvents } from "./line-writer.js";

/** A destination of security events. */
export interface AuditLog {
  readonly record: (event: string, fields: object) => void;
  close(): void;
}

/**
 * Opens it: one JSON object a line, with `time`, `service`, `audit` (the event) and its fields.
 *
 * @param to "stdout", "off" or a file that is appended to, made readable to its owner alone. A record is with the
 *   system when `record` returns where it is a file, otherwise soon after
 * @param stdout the process' writer for standard output
 * @throws when the file cannot be opened
 */
export function openAuditLog(to: string, events: LineWriterEvents, stdout: LineWriter): AuditLog {
  if (to === "off") return { record: () => undefined, close: () => undefined };
  const fd = to === "stdout" ? undefined : openSync(to, "a", 0o600);
  const lines = (fd === undefined ? stdout : new LineWriter(fd, true)).listen(events);
  const logger = pino(
    { base: { service: "annals" }, timestamp: pino.stdTimeFunctions.isoTime },
    lines,
  );
  return {
    record: (event, fields) => {
      logger.info({ audit: event, ...fields });
    },
    close: () => {
      if (fd === undefined) return;
      lines.close();
      closeSync(fd);
    },
  };
}
