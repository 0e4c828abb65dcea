import { once } from "node:events";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { HealthImplementation, service as healthService } from "grpc-health-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { file_annals_v1_event_store } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { addReflection } from "#server/transport/grpc/reflection.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import { watchStore } from "#server/telemetry/store-health.js";
import { reflect } from "./support/reflect.js";
import { startTestServer } from "./support/server.js";

type Watch = (request: { service: string }) => NodeJS.EventEmitter & { cancel(): void };
type Check = (
  request: { service: string },
  callback: (error: Error | null, answer?: { status: string }) => void,
) => void;

/** The library's own. */
interface Keeper {
  addWatcher(service: string, watcher: (status: string) => void): void;
}

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

test("the gRPC port: a name that is not served is answered however long it is, and is not kept", async () => {
  await using server = await startTestServer();
  const name = "x".repeat(100_000);
  await expect(health(server.grpcAddress, name)).rejects.toThrow("NOT_FOUND: unknown service");

  const kept = vi.spyOn(HealthImplementation.prototype as unknown as Keeper, "addWatcher");
  const Health = makeGenericClientConstructor(healthService, "Health");
  const client = new Health(server.grpcAddress, credentials.createInsecure());
  try {
    const watched = async (service: string): Promise<unknown> => {
      const call = (client["watch"] as Watch).call(client, { service });
      call.on("error", () => undefined);
      return (await once(call, "data"))[0];
    };
    expect(await watched(name)).toEqual({ status: "SERVICE_UNKNOWN" });
    expect(kept).not.toHaveBeenCalled();
    expect(await watched("annals.v1.EventStore")).toEqual({ status: "SERVING" });
    expect(kept).toHaveBeenCalledOnce();
  } finally {
    client.close();
    kept.mockRestore();
  }
});

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

test("the HTTP port: who no longer watches health is not kept", async () => {
  await using server = await startTestServer();
  const any = AbortSignal.any.bind(AbortSignal);
  const joined: WeakRef<AbortSignal>[] = [];
  const join = vi.spyOn(AbortSignal, "any").mockImplementation((signals) => {
    const signal = any(signals);
    joined.push(new WeakRef(signal));
    return signal;
  });
  const Health = makeGenericClientConstructor(healthService, "Health");
  const client = new Health(server.httpAddress ?? "", credentials.createInsecure());
  try {
    const call = (client["watch"] as Watch).call(client, { service: "" });
    call.on("error", () => undefined);
    await once(call, "data");
    expect(joined).toHaveLength(1);
    call.cancel();
  } finally {
    client.close();
    join.mockClear().mockRestore();
  }
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await expect
    .poll(() => {
      collect();
      return joined[0]?.deref() === undefined;
    })
    .toBe(true);
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

test("reflection answers no faster than its caller reads", async () => {
  const handlers: ((call: Duplex) => void)[] = [];
  addReflection(
    {
      addService: (_, { ServerReflectionInfo: handler }) => {
        handlers.push(handler as unknown as (call: Duplex) => void);
      },
    },
    [file_annals_v1_event_store],
  );
  expect(handlers).toHaveLength(2); // v1alpha and v1
  for (const handler of handlers) {
    const unread: (() => void)[] = [];
    let answers = 0;
    const call = new Duplex({
      objectMode: true,
      read: () => undefined,
      write: (_answer, _encoding, taken) => {
        answers++;
        unread.push(taken);
      },
    });
    handler(call);
    for (let i = 0; i < 1_000; i++) call.push({ messageRequest: "listServices", listServices: "" });
    call.push(null);
    await expect.poll(() => call.writableNeedDrain).toBe(true);
    await turn();
    expect(call.writableLength).toBeLessThanOrEqual(call.writableHighWaterMark);
    while (!call.writableFinished) {
      unread.shift()?.();
      await turn();
    }
    expect(answers).toBe(1_000);
  }
});

test("reflection can be turned off", async () => {
  await using server = await startTestServer({ reflection: "false" });
  await expect(reflect(server.grpcAddress, { listServices: "" })).rejects.toThrow("UNIMPLEMENTED");
});
