import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { methodOf, runScenario } from "./conformance/runner.js";
import { readScenarios } from "./conformance/scenario.js";
import { grpcTransport } from "./support/client.js";
import { startTestServer } from "./support/server.js";

// A client that was generated from the first release's contract, and knows nothing of what came after.
const released = readFileSync(new URL("../proto/released/v0.1.0.binpb", import.meta.url));
const contract = createFileRegistry(fromBinary(FileDescriptorSetSchema, released));
const scenarios = readScenarios(new URL("conformance/scenarios/", import.meta.url)).filter(
  ({ steps }) => steps.every((step) => !("call" in step) || methodOf(step.call, contract)),
);

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test("the first release's contract has every call of the log", () => {
  const calls = scenarios.flatMap(({ steps }) => steps.map((step) => "call" in step && step.call));
  expect(new Set(calls)).toEqual(
    new Set([
      ...[false, "Append", "AppendStream", "Read", "ReadAll"],
      ...["GetEvent", "GetEventsByType", "GetHead", "GetStream"],
    ]),
  );
});

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  "%s",
  async (_, scenario) => {
    await runScenario(grpcTransport(server.grpcAddress, {}), scenario, contract);
  },
);
