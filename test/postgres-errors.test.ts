import pg from "pg";
import { expect, test } from "vitest";
import { wasRolledBack } from "#server/store/postgres/errors.js";

const errorOf = (code: string, severity: string) =>
  Object.assign(new pg.DatabaseError("no", 1, "error"), { code, severity });

test("what PostgreSQL refused before a commit is known to be undone, in any language", () => {
  for (const severity of ["ERROR", "FEHLER"]) {
    for (const code of ["23505", "25006", "40001", "40P01", "55P03", "57014"]) {
      expect(wasRolledBack(errorOf(code, severity)), code).toBe(true);
    }
  }
  expect(wasRolledBack(errorOf("53100", "ERROR"))).toBe(true);
});

test("what ended the server or the session is in doubt, whatever its code says", () => {
  for (const code of ["08006", "25P03", "53100", "53200", "57P01", "57P02", "58030", "XX000"]) {
    for (const severity of ["FATAL", "PANIC", "PANIK"]) {
      expect(wasRolledBack(errorOf(code, severity)), code).toBe(false);
    }
  }
  expect(wasRolledBack(new Error("Connection terminated unexpectedly"))).toBe(false);
});
