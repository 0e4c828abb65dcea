import type pg from "pg";
import { BoundStatement, Execution, type TextRow } from "./bound-statement.js";
import { Client } from "./client.js";
import { failureOf, unavailable } from "./errors.js";
import { allTenants } from "./query-pool.js";
import { clientConfig, type SessionOptions, type StoreLogger } from "./session.js";
import type { StatementNames } from "./statement-names.js";

/** How many parameters a statement has, of about how many bytes. */
interface Parameters {
  readonly count: number;
  readonly bytes: number;
}

/** An open connection of the writer's. Statements asked for together share a round trip. */
export class WriterSession {
  readonly #prepared = new Set<string>();

  constructor(
    private readonly client: pg.Client,
    private readonly names: StatementNames,
  ) {}

  /** Runs a statement without parameters. */
  async query<Row extends TextRow>(text: string): Promise<readonly Row[]> {
    const { rows } = await this.client.query<(string | null)[]>({ text, rowMode: "array" });
    return rows as readonly TextRow[] as readonly Row[];
  }

  /** Runs a statement that is prepared when it is first run. @param bind binds its parameters */
  execute<Row extends TextRow>(
    text: string,
    parameters: Parameters,
    bind: (statement: BoundStatement) => void,
  ): Promise<readonly Row[]> {
    const name = this.names.of(text);
    const statement = new BoundStatement(name, text, parameters.count, parameters.bytes);
    bind(statement);
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined, rows: readonly TextRow[]): void => {
        if (error) reject(error);
        else resolve(rows as readonly Row[]);
      };
      this.client.query(new Execution(statement, !this.#prepared.has(name), settle));
      this.#prepared.add(name);
    });
  }
}

/** A connection of the writer's. Broken, it is thrown away; the next use makes a new one. */
export class WriterConnection {
  #open: { readonly client: pg.Client; readonly session: WriterSession } | undefined;
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
  async connect(): Promise<WriterSession> {
    if (this.#closed) throw unavailable("the store is closed", false);
    return this.#open?.session ?? (await this.#connect());
  }

  /** Whether it is still the connection that `connect` answered with, unbroken. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Cuts the connection: PostgreSQL rolls back what was not committed. */
  discard(): void {
    const open = this.#open;
    this.#open = undefined;
    void open?.client.end().catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.discard();
  }

  async #connect(): Promise<WriterSession> {
    const config = clientConfig(this.url, this.options, { "annals.tenant_id": allTenants });
    const client = new Client({ ...config, pipeline: true });
    client.on("error", (error) => {
      if (this.#closed) return;
      this.logger.warn({ err: error }, "a connection of the writer's to PostgreSQL broke");
      if (this.#open?.client === client) this.#open = undefined;
    });
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => undefined);
      throw failureOf(error, false);
    }
    const session = new WriterSession(client, this.names);
    this.#open = { client, session };
    return session;
  }
}
