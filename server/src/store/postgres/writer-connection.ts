import pg from "pg";
import { failureOf, unavailable } from "./errors.js";
import { allTenants } from "./query-pool.js";
import { clientConfig, type SessionOptions, type StoreLogger } from "./session.js";
import type { StatementNames } from "./statement-names.js";

/** Runs a statement; its rows, columns as text. Statements asked for together share a round trip. */
export type Query = <Row extends readonly (string | null)[]>(
  text: string,
  values?: readonly (string | Buffer)[],
) => Promise<Row[]>;

/** The connection that writes. Broken, it is thrown away; the next use makes a new one. */
export class WriterConnection {
  #client: pg.Client | undefined;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly options: SessionOptions,
    private readonly names: StatementNames,
    private readonly logger: StoreLogger,
  ) {}

  /**
   * The connection, made if there is none.
   *
   * @throws AnnalsError unavailable, nothing was written
   */
  async connect(): Promise<Query> {
    if (this.#closed) throw unavailable("the store is closed", false);
    const client = this.#client ?? (await this.#open());
    return async <Row extends readonly (string | null)[]>(
      text: string,
      values?: readonly (string | Buffer)[],
    ) => {
      const { rows } = await client.query<(string | null)[]>({
        text,
        ...(values && { values: [...values], name: this.names.of(text) }),
        rowMode: "array",
      });
      return rows as readonly (readonly (string | null)[])[] as Row[];
    };
  }

  /** Whether it is still the connection that `connect` answered with, unbroken. */
  get isOpen(): boolean {
    return this.#client !== undefined;
  }

  /** Cuts the connection: PostgreSQL rolls back what was not committed. */
  discard(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) void client.end().catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.discard();
  }

  async #open(): Promise<pg.Client> {
    const config = clientConfig(this.url, this.options, { "annals.tenant_id": allTenants });
    const client = new pg.Client({ ...config, pipeline: true });
    client.on("error", (error) => {
      if (this.#closed) return;
      this.logger.warn({ err: error }, "the connection that writes to PostgreSQL broke");
      if (this.#client === client) this.#client = undefined;
    });
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => undefined);
      throw failureOf(error, false);
    }
    this.#client = client;
    return client;
  }
}
