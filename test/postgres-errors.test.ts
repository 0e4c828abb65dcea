import pg from "pg";
import { expect, test } from "vitest";
import { wasRolledBack } from "#server/store/postgres/errors.js";

test("what PostgreSQL refused is known to be undone in any language; what ended the session is in doubt", () => {
  const errorOf = (code: string, severity: string) =>
    Object.assign(new pg.DatabaseError("no", 1, "error"), { code, severity });
  for (const severity of ["ERROR", "FEHLER"]) {
    for (const code of ["23505", "25006", "40001", "53100", "55P03", "57014"]) {
      expect(wasRolledBack(errorOf(code, severity)), code).toBe(true);
    }
  }
  for (const code of ["08006", "25P03", "57P01", "57P02", "58030", "XX000"]) {
    expect(wasRolledBack(errorOf(code, "FATAL")), code).toBe(false);
  }
  expect(wasRolledBack(new Error("Connection terminated unexpectedly"))).toBe(false);
});
