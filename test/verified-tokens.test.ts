import { expect, test } from "vitest";
import type { Identity } from "#server/interceptors/identity.js";
import { VerifiedTokens } from "#server/interceptors/verified-tokens.js";

const identity = (expiresAt: number): Identity => ({
  method: "jwt",
  subject: "tester",
  tenants: [],
  scopes: new Set(),
  expiresAt,
});

test("a verified token is remembered until it expires or the keys change", () => {
  const tokens = new VerifiedTokens();
  tokens.set("a", 1, identity(100));
  expect(tokens.get("a", 1, 99)).toMatchObject({ subject: "tester" });
  expect(tokens.get("b", 1, 99)).toBeUndefined();
  expect(tokens.get("a", 1, 100)).toBeUndefined();
  tokens.set("a", 1, identity(100));
  expect(tokens.get("a", 2, 99)).toBeUndefined();
});

test("no more than ten thousand tokens are remembered", () => {
  const tokens = new VerifiedTokens();
  for (let i = 0; i <= 10_000; i++) tokens.set(String(i), 1, identity(100));
  expect(tokens.size).toBe(10_000);
  expect(tokens.get("0", 1, 1)).toBeUndefined();
});
