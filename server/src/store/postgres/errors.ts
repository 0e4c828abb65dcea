import pg from "pg";
import { AnnalsError } from "../../domain/error.js";

/** How long a client should wait before it tries again. */
const retryAfterMs = 1_000;

/**
 * SQLSTATE classes and codes that say "not now", whatever was asked: connection 08, wrong credentials
 * 28, no such database 3D, serialization and deadlock 40, resources 53, operator 57, system 58; a
 * server that became read-only, a transaction cut because it stood idle, a lock not had in time.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const passing = /^(08|28|3D|40|53|57|58|25006|25P03|25P04|55P03)/;

/**
 * Those that can only come before a commit: bad data 22, constraints 23, conflicts 40, a statement that is wrong 42;
 * read-only, a lock not had, a statement cancelled.
 */
const beforeCommit = /^(22|23|40|42|25006|55P03|57014)/;

/** A failure of the store that a later try may not meet. */
export function unavailable(
  description: string,
  outcomeUnknown: boolean,
  cause?: unknown,
): AnnalsError {
  return new AnnalsError(
    { reason: "unavailable", description, outcomeUnknown, retryAfterMs },
    { cause },
  );
}

/**
 * What an error of the driver means to a caller. Errors without an SQLSTATE come from the connection
 * or the pool. What PostgreSQL says may hold names and data: it goes into the cause only.
 *
 * @param outcomeUnknown whether a write may have happened all the same
 * @returns the error itself when it is a surprise: a bug, or rights that are missing
 */
export function failureOf(error: unknown, outcomeUnknown: boolean): unknown {
  if (error instanceof AnnalsError) return error;
  if (error instanceof pg.DatabaseError && !passing.test(error.code ?? "")) return error;
  return unavailable("the store cannot answer", outcomeUnknown, error);
}

/**
 * Whether PostgreSQL itself said that a statement failed and is still there: then the statement,
 * and the transaction that it was in, has left nothing. The driver has the severity in the language of the
 * database: in another than English only the code can say so. A code alone is not enough for all: in the
 * middle of a commit an error of any kind ends the server, and keeps its code.
 */
export function wasRolledBack(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.severity === "ERROR" || beforeCommit.test(error.code ?? "");
}

/** Whether a row stood in the way of a unique index. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505";
}
