import { AnnalsError } from "../connection/errors.js";

/** A database for a time. */
export interface LentDatabase<Database> {
  readonly database: Database;
  /** From here on every call is refused, also of statements that were prepared through it. */
  readonly end: () => void;
}

/** How a database is lent. */
export interface LendingOptions {
  /** Whether the transaction is open: asked when a call has failed, because that may end it. */
  readonly isOpen?: () => boolean;
  /** What a call that comes too late answers. Default: it throws. */
  readonly refuse?: (error: AnnalsError, method: PropertyKey, args: readonly unknown[]) => unknown;
}

/**
 * Lends a database for a transaction, so that who still holds it later writes nothing more. What is
 * called afterwards is refused with AnnalsError closed.
 */
export function lendDatabase<Database extends object>(
  database: Database,
  { isOpen = () => true, refuse = raise }: LendingOptions,
): LentDatabase<Database> {
  let ended = false;
  const lend = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key, target); // native getters know no proxy
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (ended)
            return refuse(new AnnalsError("closed", "the transaction has ended", {}), key, args);
          try {
            const answer: unknown = Reflect.apply(value, target, args);
            return key === "prepare" ? lend(answer as object) : answer;
          } catch (error) {
            ended ||= !isOpen();
            throw error;
          }
        };
      },
    });
  return {
    database: lend(database),
    end: () => {
      ended = true;
    },
  };
}

function raise(error: AnnalsError): never {
  throw error;
}
