import { connect as connectHttp2, constants, type IncomingHttpHeaders } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppendRequestSchema, ReadAllRequestSchema } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { any, appendTo, clientOf, newEvent, noStream, readAll } from "./support/client.js";
import { newTenant, startTestServer } from "./support/server.js";

// What no well-behaved client sends: bytes by hand, over plain HTTP/2.

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

interface RawCall {
  readonly method?: string;
  readonly tenant?: string;
  /** Whether the sending side is closed after the bytes. */
  readonly end?: boolean;
  readonly headers?: Record<string, string>;
}

/** Sends bytes as a call's body and answers the status it ends with. */
function rawCall(body: Uint8Array, call: RawCall = {}): Promise<{ status: string; text: string }> {
  const session = connectHttp2(`http://${server.grpcAddress}`);
  return new Promise<{ status: string; text: string }>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": `/annals.v1.EventStore/${call.method ?? "Append"}`,
      "content-type": "application/grpc",
      te: "trailers",
      "x-tenant-id": call.tenant ?? newTenant(),
      ...call.headers,
    });
    const take = (headers: IncomingHttpHeaders): void => {
      const status = headers["grpc-status"];
      if (status === undefined) return;
      const text = decodeURIComponent(String(headers["grpc-message"] ?? ""));
      resolve({ status: String(status), text });
    };
    stream.on("response", take).on("trailers", take).on("error", reject);
    stream.on("close", () => {
      reject(new Error("the stream ended without a status"));
    });
    stream.resume();
    if (body.byteLength > 0) stream.write(body);
    if (call.end !== false) stream.end();
  }).finally(() => {
    session.destroy();
  });
}

/** A gRPC message: a byte for compression, four for the length, the bytes. */
function framed(message: Uint8Array, length = message.byteLength): Uint8Array {
  const frame = new Uint8Array(5 + message.byteLength);
  new DataView(frame.buffer).setUint32(1, length);
  frame.set(message, 5);
  return frame;
}

const invalidArgument = "3";
const append = () => toBinary(AppendRequestSchema, create(AppendRequestSchema, appendTo("1")));
const stillServing = async () => {
  const client = clientOf(server.grpcAddress, newTenant());
  expect(await client.append(appendTo("alive"))).toMatchObject({ aggregateVersion: 1n });
};

describe("bytes that are no request", () => {
  test("rubbish is INVALID_ARGUMENT", async () => {
    const { status, text } = await rawCall(framed(new Uint8Array(64).fill(0xff)));
    expect(status).toBe(invalidArgument);
    expect(text).toContain("AppendRequest");
    await stillServing();
  });

  test("text that is not UTF-8, a lone surrogate, is INVALID_ARGUMENT", async () => {
    const id = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string("Order")
      .tag(2, WireType.LengthDelimited)
      .bytes(new Uint8Array([0xed, 0xa0, 0x80]))
      .finish();
    const request = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(id).finish();
    const { status } = await rawCall(framed(new Uint8Array([...append(), ...request])));
    expect(status).toBe(invalidArgument);
    await stillServing();
  });

  test("a field that the server does not know is refused at any depth, never ignored", async () => {
    const unknown = new BinaryWriter().tag(7, WireType.Varint).uint32(1).finish();
    const top = await rawCall(framed(new Uint8Array([...append(), ...unknown])));
    expect(top.status).toBe(invalidArgument);
    expect(top.text).toContain("field 7");

    const event = new BinaryWriter().tag(99, WireType.Varint).uint32(1).finish();
    const nested = new BinaryWriter().tag(3, WireType.LengthDelimited).bytes(event).finish();
    const inEvent = await rawCall(framed(new Uint8Array([...append(), ...nested])));
    expect(inEvent.status).toBe(invalidArgument);
    expect(inEvent.text).toContain("events[1]");

    const filter = new BinaryWriter().tag(15, WireType.Varint).uint32(1).finish();
    const readAllRequest = toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema));
    const inFilter = new BinaryWriter().tag(6, WireType.LengthDelimited).bytes(filter).finish();
    const refused = await rawCall(framed(new Uint8Array([...readAllRequest, ...inFilter])), {
      method: "ReadAll",
    });
    expect(refused.status).toBe(invalidArgument);
    expect(refused.text).toContain("filter");
  });

  test("a negative number where a page size belongs passes the limit", async () => {
    const request = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string("Order")
      .tag(5, WireType.Varint)
      .int32(-1)
      .finish();
    const { status, text } = await rawCall(framed(request), { method: "GetEventsByType" });
    expect(status).toBe("8");
    expect(text).toContain("page_events");
  });

  test("a message over the limit is RESOURCE_EXHAUSTED, and the server goes on", async () => {
    const { status } = await rawCall(framed(new Uint8Array(6 * 1024 * 1024)));
    expect(status).toBe("8");
    await stillServing();
  });

  test("a call without a message ends with an error", async () => {
    const { status } = await rawCall(new Uint8Array());
    expect(status).not.toBe("0");
    await stillServing();
  });

  test("a message cut short by the end of the call ends with an error", async () => {
    const request = append();
    const { status } = await rawCall(framed(request, request.byteLength + 10));
    expect(status).not.toBe("0");
    await stillServing();
  });

  test("a pipelined call with an undecodable request ends INVALID_ARGUMENT", async () => {
    const { status } = await rawCall(framed(new Uint8Array([0xff])), { method: "AppendStream" });
    expect(status).toBe(invalidArgument);
    await stillServing();
  });

  test("a method that is not there is UNIMPLEMENTED", async () => {
    const { status } = await rawCall(framed(append()), { method: "Drop" });
    expect(status).toBe("12");
  });
});

describe("callers that go away", () => {
  test("mid-append: what was written is whole, and the server goes on", async () => {
    const tenant = newTenant();
    const events = [newEvent(), newEvent(), newEvent()];
    const request = toBinary(
      AppendRequestSchema,
      create(AppendRequestSchema, appendTo("half", noStream, events)),
    );
    const body = framed(request);
    for (const cut of [3, 5, 20, body.byteLength - 1, body.byteLength]) {
      const session = connectHttp2(`http://${server.grpcAddress}`);
      const stream = session.request({
        ":method": "POST",
        ":path": "/annals.v1.EventStore/Append",
        "content-type": "application/grpc",
        te: "trailers",
        "x-tenant-id": tenant,
      });
      stream.on("error", () => undefined);
      session.on("error", () => undefined);
      await new Promise((resolve) => stream.write(body.subarray(0, cut), resolve));
      if (cut % 2 === 0) stream.close(constants.NGHTTP2_CANCEL);
      session.destroy();
    }
    await stillServing();
    const client = clientOf(server.grpcAddress, tenant);
    expect([0, 3]).toContain((await readAll(client)).length);
    const answer = await client.append(appendTo("half", any, events));
    expect(answer).toMatchObject({ aggregateVersion: 3n });
    expect(await readAll(client)).toHaveLength(3);
  });

  test("a half-closed pipelined call gets the answers that are due, then ends OK", async () => {
    const client = clientOf(server.grpcAddress, newTenant());
    // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there
    const requests = async function* () {
      for (let i = 0; i < 50; i++) {
        yield { correlationId: BigInt(i), append: appendTo(`h-${i}`, noStream) };
      }
    };
    let answers = 0;
    for await (const { outcome } of client.appendStream(requests())) {
      if (outcome.case === "appended") answers++;
    }
    expect(answers).toBe(50);
  });

  test("an open call that sends nothing keeps nobody waiting", async () => {
    const session = connectHttp2(`http://${server.grpcAddress}`);
    session.on("error", () => undefined);
    const idle = session.request({
      ":method": "POST",
      ":path": "/annals.v1.EventStore/AppendStream",
      "content-type": "application/grpc",
      te: "trailers",
      "x-tenant-id": newTenant(),
    });
    idle.on("error", () => undefined);
    await stillServing();
    session.destroy();
    await stillServing();
  });
});
