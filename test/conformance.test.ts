import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { mismatch } from "./conformance/matches.js";
import { runScenario } from "./conformance/runner.js";
import { readScenarios } from "./conformance/scenario.js";
import { connectJsonTransport, grpcTransport } from "./support/client.js";
import { startTestServer } from "./support/server.js";

/** A server that runs already, and where the scenarios are: for scripts/conformance-typescript.mjs. */
const elsewhere = JSON.parse(process.env["ANNALS_CONFORMANCE"] ?? "null") as {
  readonly address: string;
  readonly folder: string;
} | null;

const folder = elsewhere
  ? pathToFileURL(`${elsewhere.folder}/`)
  : new URL("conformance/scenarios/", import.meta.url);
const scenarios = readScenarios(folder);

function runAll(transport: () => Transport): void {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (_, scenario) => {
      await runScenario(transport(), scenario);
    },
  );
}

describe.runIf(elsewhere)("scenarios", () => {
  runAll(() => grpcTransport(elsewhere?.address ?? "", {}));
});

describe.skipIf(elsewhere).each([
  ["gRPC", grpcTransport, (server: AnnalsServer) => server.grpcAddress],
  ["Connect JSON", connectJsonTransport, (server: AnnalsServer) => server.httpAddress ?? ""],
])("scenarios over %s", (_, transport, addressOf) => {
  const files = mkdtempSync(join(tmpdir(), "annals-test-"));
  let server: AnnalsServer;
  beforeAll(async () => {
    server = await startTestServer({ store: `sqlite:${join(files, "annals.db")}` });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(files, { recursive: true });
  });
  runAll(() => transport(addressOf(server), {}));
});

describe.skipIf(elsewhere)("the suite itself", () => {
  test("every scenario has a name of its own", () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
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
});
