import { isAnnalsError } from "../connection/errors.js";
import { mayPass } from "../connection/may-pass.js";

const networkCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT", // of Node's fetch
  "UND_ERR_SOCKET",
]);
/**
 * PostgreSQL: connections that fail (class 08), read only as after a failover (25006), transactions
 * that lost to another (40001, 40P01), no room (class 53), a lock that was waited for too long (55P03),
 * servers that stop, crash or start (57P01 to 57P03), files that fail (58030).
 */
const postgresStates = /^(08[0-9A-Z]{3}|25006|40001|40P01|53[0-9A-Z]{3}|55P03|57P0[123]|58030)$/;
/** SQLite: busy, locked, out of memory, read only, input and output, full, cannot be opened. */
const sqliteCodes: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 13, 14]);

/** How far an error's causes are looked at: they may be a circle. */
const maxCauses = 8;

/**
 * Whether an error tells of a database or a connection, and so nothing of the event in hand: an
 * `AnnalsError` that is `unavailable` or says when to come again, a system error of the network, a code
 * of PostgreSQL or SQLite. Libraries wrap such errors: it may be the cause of one.
 */
export function isTransientFailure(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth <= maxCauses && cause instanceof Error; depth++) {
    if (isAnnalsError(cause))
      return cause.code === "unavailable" || cause.retryAfterMs !== undefined;
    if (hasPassingCode(cause)) return true;
    ({ cause } = cause);
  }
  return false;
}

function hasPassingCode(error: Error): boolean {
  if ("errcode" in error && typeof error.errcode === "number") {
    return sqliteCodes.has(error.errcode & 0xff); // the rest of an extended code says more of it
  }
  if (!("code" in error)) return false;
  const { code } = error;
  return networkCodes.has(code) || (typeof code === "string" && postgresStates.test(code));
}

/**
 * Whether a store that failed may take the same later. Of other databases' errors than the server's nothing is
 * known, and they may pass.
 *
 * @param admitted whether the store has answered before: a credential that was good may be renewed
 */
export function storeMayPass(error: unknown, admitted = true): boolean {
  return !isAnnalsError(error) || mayPass(error, admitted);
}
