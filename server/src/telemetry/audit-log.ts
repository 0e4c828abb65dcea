import { pino } from "pino";

/** A destination of security events. */
export interface AuditLog {
  readonly record: (event: string, fields: object) => void;
  close(): void;
}

/**
 * Opens it: one JSON object a line, with `time`, `service`, `audit` (the event) and its fields.
 *
 * @param to "stdout", "off" or a file that is appended to, made readable to its owner alone
 * @throws when the file cannot be opened
 */
export function openAuditLog(to: string): AuditLog {
  if (to === "off") return { record: () => undefined, close: () => undefined };
  const destination = pino.destination(
    to === "stdout" ? { fd: 1, sync: true } : { dest: to, append: true, sync: true, mode: 0o600 },
  );
  const logger = pino(
    { base: { service: "annals" }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  return {
    record: (event, fields) => {
      logger.info({ audit: event, ...fields });
    },
    close: () => {
      if (to !== "stdout") destination.end();
    },
  };
}
