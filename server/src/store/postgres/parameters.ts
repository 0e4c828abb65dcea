import { copyParameter } from "./copy-out.js";
import type { Value } from "./query-pool.js";

/** What a value is to PostgreSQL. */
export type SqlType = "bigint" | "uuid" | "uuid[]" | "text" | "text[]";

/** Collects the values of a statement. */
export class Parameters {
  readonly values: Value[] = [];

  /** @param ofCopy whether the statement is a COPY */
  constructor(private readonly ofCopy: boolean) {}

  /** Adds a value. @returns what stands for it in SQL */
  add(value: Value, type: SqlType): string {
    const count = this.values.push(value);
    return this.ofCopy ? copyParameter(count - 1, type) : `$${count}::${type}`;
  }
}
