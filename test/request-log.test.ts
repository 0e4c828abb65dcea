import { once } from "node:events";
import { connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { ReadAllRequestSchema } from "@annals/proto/annals/v1/event_store";
import { framed } from "./support/raw-grpc.js";
import { newTenant } from "./support/server.js";
import { startServerProcess } from "./support/server-process.js";

test("a call whose connection is cut is in the log with its caller's address, on both ports", async () => {
  const server = await startServerProcess(["--store=memory:"]);
  onTestFinished(() => {
    server.child.kill("SIGKILL");
  });
  const callers: string[] = [];
  for (const address of [server.address, server.httpAddress]) {
    const session = connect(`http://${address}`);
    const call = session.request({
      ":method": "POST",
      ":path": "/annals.v1.EventStore/ReadAll",
      "content-type": "application/grpc",
      te: "trailers",
      "x-tenant-id": newTenant(),
    });
    call.on("error", () => undefined);
    call.end(
      framed(toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema, { follow: true }))),
    );
    await once(call, "data");
    callers.push(`127.0.0.1:${session.socket.localPort}`);
    session.destroy();
  }
  const calls = () => server.log.filter(({ msg }) => msg === "call");
  await expect.poll(() => calls().length, { timeout: 5_000 }).toBe(2);
  expect(calls().map(({ peer, outcome }) => [peer, outcome])).toEqual(
    callers.map((caller) => [caller, "cancelled"]),
  );
});
