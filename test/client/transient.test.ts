import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { AnnalsError } from "@annals/client";
import { expect, test } from "vitest";
import { isTransientFailure } from "#client/projections/transient.js";

const withCode = (code: string, cause?: unknown): Error =>
  Object.assign(new Error("it failed", { cause }), { code });

const limit = { limit: "events_per_second", maximum: 1n, actual: 2n, field: "" };
const circle = new Error("a circle");
circle.cause = circle;

test.each<[string, unknown, boolean]>([
  ["a connection", withCode("ECONNREFUSED"), true],
  ["a deadlock that a library wraps", new Error("no", { cause: withCode("40P01") }), true],
  ["one that is wrapped with a code", withCode("QUERY_FAILED", withCode("ECONNRESET")), true],
  ["a lock that was waited for too long", withCode("55P03"), true],
  ["a server that is read only", withCode("25006"), true],
  ["a conflict", withCode("23505"), false],
  ["a circle of causes", circle, false],
  ["what is no error", { code: "ECONNREFUSED" }, false],
  ["a rate", new AnnalsError("limit_exceeded", "no", limit, { retryAfterMs: 1 }), true],
  ["a size", new AnnalsError("limit_exceeded", "no", limit), false],
  ["a server that cannot be reached", new AnnalsError("unavailable", "no", {}), true],
  [
    "a refusal, whatever led to it",
    new AnnalsError("unauthenticated", "no", {}, { cause: withCode("ECONNREFUSED") }),
    false,
  ],
])("whether a failure passes: %s", (_, error, passes) => {
  expect(isTransientFailure(error)).toBe(passes);
});

test("a fetch that cannot connect passes", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const failure = await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TypeError);
  expect(isTransientFailure(failure)).toBe(true);
});
