import { isAnnalsError } from "../connection/errors.js";

const networkCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
/** PostgreSQL: connections that fail (class 08), and servers that stop, crash or start (57P01 to 57P03). */
const postgresStates = /^(08[0-9A-Z]{3}|57P0[123])$/;

/**
 * Whether an error says that something could not be reached, and so nothing of the event in hand: an
 * `AnnalsError` `unavailable`, a system error of the network, an SQLSTATE of a lost connection.
 */
export function isConnectionFailure(error: unknown): boolean {
  if (isAnnalsError(error)) return error.code === "unavailable";
  if (!(error instanceof Error) || !("code" in error)) return false;
  const { code } = error;
  return networkCodes.has(code) || (typeof code === "string" && postgresStates.test(code));
}
