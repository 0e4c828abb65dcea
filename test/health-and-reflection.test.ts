import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { expect, test } from "vitest";
import { reflect } from "./support/reflect.js";
import { startTestServer } from "./support/server.js";

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

test("health is SERVING for the server and for the service, without a credential", async () => {
  await using server = await startTestServer();
  expect(await health(server.grpcAddress, "")).toBe("SERVING");
  expect(await health(server.grpcAddress, "annals.v1.EventStore")).toBe("SERVING");
  await expect(health(server.grpcAddress, "no.such.Service")).rejects.toThrow();
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
