import pg from "pg";
import { failureOfAbort, throwIfAborted } from "../../domain/abort.js";
import { AnnalsError } from "../../domain/error.js";
import type { ReadOptions } from "../store.js";
import { Client } from "./client.js";
import { type CopiedRow, copyOut, setCopyParameters } from "./copy-out.js";
import { failureOf, unavailable, wasRolledBack } from "./errors.js";
import { clientConfig, type SessionOptions, type StoreLogger } from "./session.js";
import type { StatementNames } from "./statement-names.js";

/** A value bound to a parameter. */
export type Value = string | number | bigint | readonly string[];

/** Whose rows a statement may see: a tenant's, or every tenant's. */
export type ReadScope = string;

/** The scope of what asks across tenants. */
export const allTenants: ReadScope = "*";

export interface QueryOptions extends ReadOptions {
  /** The statement writes: what fails may have happened all the same. */
  readonly writes?: boolean;
}

/** The connections that read, and write records. Broken ones are thrown away; waiting for one is bounded in time. */
export class QueryPool {
  readonly #pool: pg.Pool;
  /** What each connection was last told to show. */
  readonly #scopes = new WeakMap<pg.PoolClient, ReadScope>();
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
      Client,
      pipeline: true,
      max: connections,
      idleTimeoutMillis: 60_000,
    });
    // A statement under way hears of it by itself, an idle connection below.
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
    this.#pool.on("error", (error) => {
      if (this.#closing) return;
      logger.warn({ err: error }, "a connection that reads from PostgreSQL broke");
    });
  }

  /**
   * Runs a statement; its rows, columns as text. Who goes away no longer waits; the statement ends
   * by itself, at the latest by its timeout.
   *
   * @param scope whose rows it sees, whatever its WHERE says: the policies of the tables hold it
   * @throws AnnalsError unavailable, or as the signal says
   */
  async query<Row extends readonly (string | null)[]>(
    scope: ReadScope,
    text: string,
    values: readonly Value[],
    options: QueryOptions = {},
  ): Promise<Row[]> {
    const { rows } = await this.#use(options, async (client) => {
      // Sent together: telling the scope costs no round trip of its own.
      const told = this.#tell(client, scope);
      const [answer] = await Promise.all([this.#send(client, text, values), told]);
      return answer;
    });
    return rows as readonly (readonly (string | null)[])[] as Row[];
  }

  /**
   * Runs COPY ... TO STDOUT (FORMAT binary), whose text names its values by copyParameter.
   *
   * @param scope as for query
   * @throws AnnalsError as query
   */
  async copy(
    scope: ReadScope,
    text: string,
    values: readonly Value[],
    options: ReadOptions = {},
  ): Promise<readonly CopiedRow[]> {
    return this.#use(options, async (client) => {
      this.#scopes.set(client, scope);
      const told = this.#send(client, setCopyParameters(values.length), [scope, ...values]);
      const [copied] = await Promise.all([copyOut(client, text), told]);
      return copied;
    });
  }

  async #use<T>(
    { signal, writes = false }: QueryOptions,
    use: (client: pg.PoolClient) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal);
    if (this.#closing) throw unavailable("the store is closed", false);
    try {
      const answer = this.#run(use);
      return await (signal ? unlessAborted(answer, signal) : answer);
    } catch (error) {
      throw failureOf(error, writes && !wasRolledBack(error));
    }
  }

  async #run<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      const answer = await use(client);
      client.release();
      return answer;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  #tell(client: pg.PoolClient, scope: ReadScope): Promise<unknown> | undefined {
    if (this.#scopes.get(client) === scope) return undefined;
    this.#scopes.set(client, scope);
    return this.#send(client, "SELECT set_config('annals.tenant_id', $1, false)", [scope]);
  }

  #send(
    client: pg.PoolClient,
    text: string,
    values: readonly Value[],
  ): Promise<pg.QueryResult<(string | null)[]>> {
    const name = this.names.of(text);
    return client.query({ text, values: [...values], name, rowMode: "array" });
  }

  /** Lets what was asked finish; that is bounded in time, as the statements are. Idempotent. */
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
