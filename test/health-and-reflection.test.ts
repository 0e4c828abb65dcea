import { setImmediate as turn } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import { watchStore } from "#server/telemetry/store-health.js";
import { reflect } from "./support/reflect.js";
import { startTestServer } from "./support/server.js";

type Watch = (request: { service: string }) => NodeJS.EventEmitter;
type Check = (
  request: { service: string },
  callback: (error: Error | null, answer?: { status: string }) => void,
) => void;

async function health(address: string, service: string): Promise<unknown> {
  const Health = makeGenericClientConstructor(healthService, "Health");
  const client = new Health(address, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      (client["check"] as Check).call(client, { service }, (error, answer) => {
        if (error) reject(error);
        else resolve(answer?.status);
      });
    });
  } finally {
    client.close();
  }
}

test.each([
  ["the gRPC port", (server: AnnalsServer) => server.grpcAddress],
  ["the HTTP port", (server: AnnalsServer) => server.httpAddress ?? ""],
])(
  "%s: health is SERVING for the server and for the service, without a credential",
  async (_, at) => {
    await using server = await startTestServer();
    expect(await health(at(server), "")).toBe("SERVING");
    expect(await health(at(server), "annals.v1.EventStore")).toBe("SERVING");
    await expect(health(at(server), "no.such.Service")).rejects.toThrow("NOT_FOUND");
  },
);

test("the HTTP port: who watches health is told when it changes, until the server stops", async () => {
  await using server = await startTestServer();
  const Health = makeGenericClientConstructor(healthService, "Health");
  const client = new Health(server.httpAddress ?? "", credentials.createInsecure());
  const call = (client["watch"] as Watch).call(client, { service: "" });
  const said: string[] = [];
  const serving = new Promise<void>((resolve) => {
    call.on("data", ({ status }: { status: string }) => {
      said.push(status);
      resolve();
    });
  });
  const ended = new Promise<Error>((resolve) => call.on("error", resolve));
  await serving;
  expect(await server.stop()).toBe(true);
  expect(String(await ended)).toMatch(/UNAVAILABLE|CANCELLED/);
  expect(said).toEqual(["SERVING", "NOT_SERVING"]);
  client.close();
});

test("health is asked with JSON too", async () => {
  await using server = await startTestServer();
  const check = `http://${server.httpAddress}/grpc.health.v1.Health/Check`;
  const headers = { "content-type": "application/json" };
  const answer = await fetch(check, { method: "POST", headers, body: "{}" });
  expect(await answer.json()).toEqual({ status: "SERVING" });
});

test("health takes no request that is larger than a name, and anybody may send one", async () => {
  await using server = await startTestServer();
  const check = `http://${server.httpAddress}/grpc.health.v1.Health/Check`;
  const headers = { "content-type": "application/proto" };
  const body = Buffer.alloc(8_192, Buffer.from([0x78, 1]));
  expect((await fetch(check, { method: "POST", headers, body })).status).toBe(429);
});

test("a store whose check never ends does not answer", async () => {
  const late = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
  onTestFinished(() => {
    timeout.mockRestore();
  });
  const store = { ...createMemoryStore(), check: () => new Promise<void>(() => undefined) };
  const onChange = vi.fn();
  const watching = watchStore(store, { onChange });
  onTestFinished(() => {
    watching.stop();
  });
  late.abort();
  await expect
    .poll(() => onChange.mock.calls.map(([serving]) => serving as boolean))
    .toEqual([false]);
});

test("who has stopped watching a store is told no more of it", async () => {
  let answer = (): void => undefined;
  const check = () => new Promise<void>((resolve) => (answer = resolve));
  const [onChange, onChecked] = [vi.fn(), vi.fn()];
  watchStore({ ...createMemoryStore(), check }, { onChange, onChecked }).stop();
  answer();
  await turn();
  expect(onChecked).not.toHaveBeenCalled();
});

test("reflection lists the service and describes it, what it imports included", async () => {
  await using server = await startTestServer();
  const { listServicesResponse } = await reflect(server.grpcAddress, { listServices: "" });
  expect(listServicesResponse?.service.map(({ name }) => name)).toContain("annals.v1.EventStore");

  const described = await reflect(server.grpcAddress, {
    fileContainingSymbol: "annals.v1.EventStore",
  });
  const files = described.fileDescriptorResponse?.fileDescriptorProto.map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
  const methods = files?.flatMap((file) => file.service.flatMap(({ method }) => method));
  expect(methods?.map(({ name }) => name)).toContain("Append");
  expect(files?.map(({ name }) => name)).toContain("google/protobuf/timestamp.proto");
});

test("reflection can be turned off", async () => {
  await using server = await startTestServer({ reflection: "false" });
  await expect(reflect(server.grpcAddress, { listServices: "" })).rejects.toThrow("UNIMPLEMENTED");
});
