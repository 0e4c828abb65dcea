import { connect } from "node:http2";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { openRawGrpc } from "../support/raw-grpc.js";
import { reflect } from "../support/reflect.js";
import { newTenant, startTestServer } from "../support/server.js";

const unimplemented = 12;

/** What somebody tries who looks for more than there is. */
const paths: readonly string[] = [
  "annals.v1.EventStore",
  "annals.v1.EventStore/",
  "annals.v1.EventStore/append",
  "annals.v1.EventStore/Append/",
  "annals.v1.EventStore/Append%00",
  "annals.v1.eventstore/Append",
  "annals.v1.EventStore/../Tenants/ListTenants",
  "/annals.v1.Tenants/ListTenants",
  "annals.v1.Tenants%2FListTenants",
  "annals.v1.Tenants/constructor",
  "annals.v1.Tenants/__proto__",
  "__proto__/toString",
  "annals.v2.EventStore/Append",
  "grpc.channelz.v1.Channelz/GetServers",
  "grpc.reflection.v1.ServerReflection/Nothing",
  "../../etc/passwd",
  "",
];

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(paths)("the path /%s", (path) => {
  test("is no method on the gRPC port", async () => {
    const raw = openRawGrpc(server.grpcAddress);
    const call = raw.call(path, { "x-tenant-id": newTenant() }, [new Uint8Array()]);
    expect(await call.ended).toBe(unimplemented);
    expect(call.messages).toEqual([]);
    raw.close();
  });

  test("is not found on the HTTP port", async () => {
    const session = connect(`http://${server.httpAddress}`);
    const overHttp2 = await new Promise<number | undefined>((resolve, reject) => {
      session.on("error", reject);
      session
        .request({ ":method": "POST", ":path": `/${path}`, "content-type": "application/json" })
        .on("error", reject)
        .on("response", ({ ":status": status }) => {
          resolve(status);
        })
        .end("{}");
    });
    session.destroy();
    const overHttp1 = await new Promise<number | undefined>((resolve, reject) => {
      request(`http://${server.httpAddress}`, { path: `/${path}`, method: "POST", agent: false })
        .on("error", reject)
        .on("response", (response) => {
          resolve(response.resume().statusCode);
        })
        .end("{}");
    });
    expect([overHttp2, overHttp1]).toEqual([404, 404]);
  });
});

describe("reflection", () => {
  test("knows the contract's files and no others", async () => {
    const { listServicesResponse } = await reflect(server.grpcAddress, { listServices: "*" });
    const names = listServicesResponse?.service.map(({ name }) => name).toSorted();
    expect(names).toEqual([
      "annals.v1.EventStore",
      "annals.v1.Projections",
      "annals.v1.ServerInfo",
      "annals.v1.Snapshots",
      "annals.v1.Tenants",
    ]);
    for (const probe of [
      { fileByFilename: "/etc/passwd" },
      { fileByFilename: "../package.json" },
      { fileContainingSymbol: "constructor" },
      { fileContainingSymbol: "" },
      { allExtensionNumbersOfType: "__proto__" },
      { fileContainingExtension: { containingType: "toString", extensionNumber: -1 } },
    ]) {
      const answer = await reflect(server.grpcAddress, probe);
      const files = answer.fileDescriptorResponse?.fileDescriptorProto ?? [];
      expect(Buffer.concat(files), JSON.stringify(probe)).toHaveLength(0);
    }
    await reflect(server.grpcAddress, { listServices: "" }); // it is still there
  });
});
