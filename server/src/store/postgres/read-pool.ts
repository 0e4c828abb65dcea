import pg from "pg";
import { failureOfAbort, throwIfAborted } from "../../domain/abort.js";
import { AnnalsError } from "../../domain/error.js";
import type { ReadOptions } from "../store.js";
import { failureOf, unavailable, wasRolledBack } from "./errors.js";
import { clientConfig, type SessionOptions, type StoreLogger } from "./session.js";
import type { StatementNames } from "./statement-names.js";

/** A value bound to a parameter. */
export type Value = string | number | bigint | readonly string[];

export interface QueryOptions extends ReadOptions {
  /** The statement writes: what fails may have happened all the same. */
  readonly writes?: boolean;
}

/** The connections that read, and write records. Broken ones are thrown away; waiting for one is bounded in time. */
export class ReadPool {
  readonly #pool: pg.Pool;
  #closing: Promise<void> | undefined;

  constructor(
    url: string,
    options: SessionOptions,
    connections: number,
    private readonly names: StatementNames,
    logger: StoreLogger,
  ) {
    this.#pool = new pg.Pool({
      ...clientConfig(url, options),
      max: connections,
      idleTimeoutMillis: 60_000,
    });
    this.#pool.on("error", (error) => {
      if (this.#closing) return;
      logger.warn({ err: error }, "a connection that reads from PostgreSQL broke");
    });
  }

  /**
   * Runs a statement; its rows, columns as text. Who goes away no longer waits; the statement ends
   * by itself, at the latest by its timeout.
   *
   * @throws AnnalsError unavailable, or as the signal says
   */
  async query<Row extends readonly (string | null)[]>(
    text: string,
    values: readonly Value[],
    { signal, writes = false }: QueryOptions = {},
  ): Promise<Row[]> {
    throwIfAborted(signal);
    if (this.#closing) throw unavailable("the store is closed", false);
    try {
      const answer = this.#pool.query<(string | null)[]>({
        text,
        values: [...values],
        name: this.names.of(text),
        rowMode: "array",
      });
      const { rows } = await (signal ? unlessAborted(answer, signal) : answer);
      return rows as readonly (readonly (string | null)[])[] as Row[];
    } catch (error) {
      throw failureOf(error, writes && !wasRolledBack(error));
    }
  }

  /** Lets what was asked finish. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#pool.end());
  }
}

async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let stopWaiting: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stopWaiting = () => {
      reject(new AnnalsError(failureOfAbort(signal, false)));
    };
    signal.addEventListener("abort", stopWaiting, { once: true });
  });
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    if (stopWaiting) signal.removeEventListener("abort", stopWaiting);
  }
}
