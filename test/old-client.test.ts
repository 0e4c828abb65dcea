import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { methodOf, runScenario } from "./conformance/runner.js";
import { readScenarios, type Step } from "./conformance/scenario.js";
import { grpcTransport } from "./support/client.js";
import { startTestServer } from "./support/server.js";

// A client that was generated from the first release's contract, and knows nothing of what came after.
const released = readFileSync(new URL("../proto/released/v0.1.0.binpb", import.meta.url));
const contract = createFileRegistry(fromBinary(FileDescriptorSetSchema, released));
const scenarios = readScenarios(new URL("conformance/scenarios/", import.meta.url)).filter(
  ({ steps }) => steps.every(canSay),
);

/** Whether the old client has words for a step. */
function canSay(step: Step): boolean {
  if (!("call" in step)) return true;
  const method = methodOf(step.call, contract);
  try {
    for (const request of step.requests ?? [step.request ?? {}]) {
      if (method) fromJson(method.input, request);
    }
  } catch {
    return false;
  }
  return method !== undefined;
}

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test("the first release's contract has every call of the log", () => {
  const calls = scenarios.flatMap(({ steps }) =>
    steps.flatMap((step) => ("call" in step ? [step.call] : [])),
  );
  expect(new Set(calls)).toEqual(
    new Set([
      ...["Append", "AppendStream", "Read", "ReadAll"],
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
