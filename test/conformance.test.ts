import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { mismatch } from "./conformance/matches.js";
import { runScenario } from "./conformance/runner.js";
import { readScenarios } from "./conformance/scenario.js";
import { connectJsonTransport, grpcTransport } from "./support/client.js";
import { startTestServer } from "./support/server.js";

const scenarios = readScenarios(new URL("conformance/scenarios/", import.meta.url));

test("every scenario has a name of its own", () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
});

describe.each([
  ["gRPC", grpcTransport, (server: AnnalsServer) => server.grpcAddress],
  ["Connect JSON", connectJsonTransport, (server: AnnalsServer) => server.httpAddress ?? ""],
])("scenarios over %s", (_, transport, addressOf) => {
  const folder = mkdtempSync(join(tmpdir(), "annals-test-"));
  let server: AnnalsServer;
  beforeAll(async () => {
    server = await startTestServer({ store: `sqlite:${join(folder, "annals.db")}` });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (_, scenario) => {
      await runScenario(transport(addressOf(server), {}), scenario);
    },
  );
});

test.each([
  [{ a: "1" }, { a: "2" }],
  [{ a: "1" }, {}],
  [[{}], []],
  [[], [{}]],
  ["<any>", undefined],
  ["<absent>", {}],
  ["<time>", "yesterday"],
  [{ a: { b: true } }, { a: {} }],
  [1, "1"],
])("%j is not matched by %j", (expected, actual) => {
  expect(mismatch(expected, actual)).toBeDefined();
});

test.each([
  [{}, { a: 1 }],
  [{ a: "0", b: 0, c: "", d: false, e: [], f: {} }, {}],
  ["<absent>", undefined],
  ["<time>", "0001-01-01T00:00:00Z"],
  [[{ a: "<any>" }], [{ a: "x", b: 1 }]],
])("%j is matched by %j", (expected, actual) => {
  expect(mismatch(expected, actual)).toBeUndefined();
});
