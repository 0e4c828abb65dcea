import pg from "pg";
import { BinaryWriter } from "./binary-writer.js";

const messageType = { bind: 0x42, execute: 0x45, sync: 0x53 } as const;

/**
 * A call of a prepared statement: Bind, Execute and Sync as one piece, made in place. The driver would copy
 * each parameter twice, and ask for a description of the rows.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class BoundStatement {
  readonly #writer: BinaryWriter;
  readonly #bindAt: number;

  /**
   * @param name of at most 63 characters, one for each text
   * @param parameters how many there are
   * @param bytes about how many they are
   */
  constructor(
    readonly name: string,
    readonly text: string,
    parameters: number,
    bytes: number,
  ) {
    const writer = (this.#writer = new BinaryWriter(bytes + 256));
    this.#bindAt = this.#begin(messageType.bind);
    writer.byte(0); // the portal without a name
    for (let i = 0; i < name.length; i++) writer.byte(name.charCodeAt(i));
    writer.byte(0);
    writer.int16(1); // one format for all parameters,
    writer.int16(1); // binary
    writer.int16(parameters);
  }

  // Each binds the next parameter.

  int8(value: bigint): void {
    const at = this.#parameter();
    this.#writer.int8(value);
    this.#endParameter(at);
  }

  timestamptz(micros: bigint): void {
    const at = this.#parameter();
    this.#writer.timestamptz(micros);
    this.#endParameter(at);
  }

  int8Array(values: readonly bigint[]): void {
    const at = this.#parameter();
    this.#writer.int8Array(values);
    this.#endParameter(at);
  }

  uuidArray(values: readonly string[]): void {
    const at = this.#parameter();
    this.#writer.uuidArray(values);
    this.#endParameter(at);
  }

  textArray(values: readonly string[]): void {
    const at = this.#parameter();
    this.#writer.textArray(values);
    this.#endParameter(at);
  }

  /** Of so many values, each of them taken before the next. */
  byteaArray(values: Iterable<Uint8Array>, count: number): void {
    const at = this.#parameter();
    this.#writer.byteaArray(values, count);
    this.#endParameter(at);
  }

  /** All of it, when all parameters are bound. */
  messages(): Buffer {
    const writer = this.#writer;
    writer.int16(0); // results as text
    this.#end(this.#bindAt);
    const execute = this.#begin(messageType.execute);
    writer.byte(0);
    writer.int32(0); // all rows
    this.#end(execute);
    this.#end(this.#begin(messageType.sync));
    return writer.written();
  }

  /** @returns where its length is to stand, which does not count itself */
  #parameter(): number {
    const at = this.#writer.length;
    this.#writer.int32(0);
    return at;
  }

  #endParameter(at: number): void {
    this.#writer.int32At(at, this.#writer.length - at - 4);
  }

  /** @returns where its length is to stand, which counts itself */
  #begin(type: number): number {
    this.#writer.byte(type);
    const at = this.#writer.length;
    this.#writer.int32(0);
    return at;
  }

  #end(at: number): void {
    this.#writer.int32At(at, this.#writer.length - at);
  }
}

/** A row of an answer, its columns as text. */
export type TextRow = readonly (string | null)[];

/**
 * A bound statement as the driver runs queries.
 *
 * @param settle is told the rows it answered
 */
export class Execution extends pg.Query {
  readonly #rows: TextRow[] = [];

  constructor(
    statement: BoundStatement,
    prepare: boolean,
    settle: (error: Error | undefined, rows: readonly TextRow[]) => void,
  ) {
    const { name, text } = statement;
    super(text, (error) => {
      settle(error, this.#rows);
    });
    this.submit = (connection) => {
      if (prepare) connection.parse({ name, text, types: [] }, true);
      connection.stream.write(statement.messages());
    };
  }

  /** The driver would look for what describes the row. */
  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.#rows.push(fields);
  }
}
