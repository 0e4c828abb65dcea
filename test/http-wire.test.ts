import { EventEmitter, getEventListeners, once } from "node:events";
import {
  connect as connectHttp2,
  constants,
  type Http2Session,
  type IncomingHttpHeaders,
} from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import { AppendRequestSchema } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { keepAlive } from "#server/transport/http/keepalive.js";
import { incoming } from "#server/transport/http/requests.js";
import {
  any,
  appendTo,
  clientOf,
  connectJsonTransport,
  connectTransport,
  newEvent,
  readAll,
} from "./support/client.js";
import { newTenant, startTestServer } from "./support/server.js";
import { startServerProcess } from "./support/server-process.js";

// What no well-behaved client sends to the HTTP port, and how it ends what it has begun.

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer({ maxFollowersPerTenant: "1" });
});
afterAll(() => server.stop());

const append = (events = [newEvent()]) =>
  toBinary(AppendRequestSchema, create(AppendRequestSchema, appendTo("1", any, events)));

/** A gRPC message: a byte for compression, four for the length, the bytes. */
function framed(message: Uint8Array, length = message.byteLength): Uint8Array {
  const frame = new Uint8Array(5 + message.byteLength);
  new DataView(frame.buffer).setUint32(1, length);
  frame.set(message, 5);
  return frame;
}

/** Sends bytes as the body of a gRPC call to the HTTP port and answers the status it ends with. */
function rawCall(body: Uint8Array, method = "Append", headers: object = {}): Promise<string> {
  const session = connectHttp2(`http://${server.httpAddress!}`);
  return new Promise<string>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": `/annals.v1.EventStore/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      "x-tenant-id": newTenant(),
      ...headers,
    });
    const take = (answer: IncomingHttpHeaders): void => {
      if (answer["grpc-status"] !== undefined) resolve(String(answer["grpc-status"]));
      else if (answer[":status"] !== undefined && Number(answer[":status"]) !== 200) {
        resolve(`HTTP ${String(answer[":status"])}`);
      }
    };
    stream.on("response", take).on("trailers", take).on("error", reject);
    stream.on("close", () => {
      reject(new Error("the stream ended without a status"));
    });
    stream.resume();
    stream.end(body);
  }).finally(() => {
    session.destroy();
  });
}

async function connectRaw(address = server.httpAddress!): Promise<Socket> {
  const socket = connectTcp(Number(address.split(":")[1]), "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Asks for more than any buffer holds over HTTP/1.1, waits for the answer to begin, reads nothing. */
async function readNothing(address: string): Promise<Socket> {
  const tenant = newTenant();
  const client = clientOf(address, tenant, connectTransport);
  const large = () => newEvent({ data: new Uint8Array(1_000_000) });
  for (let i = 0; i < 8; i++) await client.append(appendTo("large", any, [large(), large()]));
  const socket = await connectRaw(address);
  socket.write(
    "POST /annals.v1.EventStore/ReadAll HTTP/1.1\r\nHost: x\r\n" +
      `X-Tenant-Id: ${tenant}\r\nContent-Type: application/connect+json\r\n` +
      "Content-Length: 7\r\n\r\n\0\0\0\0\x02{}",
  );
  await once(socket, "readable");
  return socket;
}

/** HTTP/2 by hand: https://www.rfc-editor.org/rfc/rfc9113#section-4.1 */
const frameType = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6 };
const endHeaders = 4;
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
function headersOf(method: string, contentType: string, tenant: string): Buffer {
  const headers = {
    ":method": "POST",
    ":scheme": "http",
    ":path": `/annals.v1.EventStore/${method}`,
    ":authority": "x",
    "content-type": contentType,
    "x-tenant-id": tenant,
  };
  // Each a literal field without indexing: https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

const unknownField = new BinaryWriter().tag(77, WireType.Varint).uint32(1).finish();
const unknownInEvent = new BinaryWriter()
  .tag(3, WireType.LengthDelimited)
  .bytes(unknownField)
  .finish();
const manyBehindFalse = Buffer.alloc(1_000_002, Buffer.from([0x1a, 0])).fill(0x0b, 0, 1);

test.each([
  ["rubbish", framed(new Uint8Array(64).fill(0xff)), "Append", "3"],
  ["an unknown field", framed(new Uint8Array([...append(), ...unknownField])), "Append", "3"],
  ["one in an event", framed(new Uint8Array([...append(), ...unknownInEvent])), "Append", "3"],
  ["many fields behind a false one", framed(manyBehindFalse), "Append", "3"],
  ["too large a message", framed(new Uint8Array(6 * 1024 * 1024)), "Append", "8"],
  ["no message", new Uint8Array(), "Append", "3"],
  ["two messages", new Uint8Array([...framed(append()), ...framed(append())]), "Append", "3"],
  ["a message cut short", framed(append(), append().byteLength + 10), "Append", "3"],
  ["rubbish on a pipelined call", framed(new Uint8Array([0xff])), "AppendStream", "3"],
  ["an unknown method", framed(append()), "Drop", "HTTP 404"],
])("gRPC on the HTTP port: %s is refused", async (_, body, method, status) => {
  expect(await rawCall(body, method)).toBe(status);
});

test.each([
  ["1S", "0"],
  ["99999999H", "0"],
  ["0m", "4"],
  ["soon", "3"],
])("gRPC on the HTTP port: a timeout of %s ends with status %s", async (timeout, status) => {
  expect(await rawCall(framed(append()), "Append", { "grpc-timeout": timeout })).toBe(status);
});

test("an unknown field in Connect's binary form is refused", async () => {
  const response = await fetch(`http://${server.httpAddress!}/annals.v1.EventStore/Append`, {
    method: "POST",
    headers: { "content-type": "application/proto", "x-tenant-id": newTenant() },
    body: new Uint8Array([...append(), ...unknownInEvent]),
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("events[1]");
});

describe("a message of too many fields is refused before it is decoded", () => {
  const empty = Buffer.alloc(5_000_000, Buffer.from([0x1a, 0]));
  const json = Buffer.from(`{"events":[${Array<string>(1_600_000).fill("{}").join()}]}`);
  const zipped = framed(gzipSync(empty));
  zipped[0] = 1;
  test.each([
    ["Connect", { "content-type": "application/proto" }, empty],
    ["JSON", { "content-type": "application/json" }, json],
    ["gRPC-Web", { "content-type": "application/grpc-web+proto" }, framed(empty)],
    ["gRPC-Web in JSON", { "content-type": "application/grpc-web+json" }, framed(json)],
    [
      "gRPC-Web, compressed",
      { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip" },
      zipped,
    ],
  ])("%s", async (_, headers, body) => {
    const answer = await fetch(`http://${server.httpAddress}/annals.v1.EventStore/Append`, {
      method: "POST",
      headers: { ...headers, "x-tenant-id": newTenant() },
      body,
    });
    const said = decodeURIComponent(Buffer.from(await answer.arrayBuffer()).toString("latin1"));
    expect(said).toContain("limit message_fields is 250000");
  });
});

describe("callers that go away", () => {
  test.each(["reset the stream", "drop the connection"])(
    "in the middle of an append (%s): nothing of it is written",
    async (how) => {
      const tenant = newTenant();
      // Cut where what has come would be a whole request. Frames by hand: node's own client would
      // end the body before it resets.
      const socket = await connectRaw();
      socket.write(
        Buffer.concat([
          Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
          frame(frameType.settings, 0, 0, Buffer.alloc(0)),
          frame(frameType.headers, endHeaders, 1, headersOf("Append", "application/proto", tenant)),
          frame(frameType.data, 0, 1, append()),
          frame(frameType.ping, 0, 0, Buffer.from("has come")),
        ]),
      );
      let heard = "";
      socket.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
      await vi.waitFor(() => {
        expect(heard).toContain("has come");
      }, 10_000);
      const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
      if (how === "reset the stream") socket.write(frame(frameType.rstStream, 0, 1, cancel));
      socket.end();
      await once(socket, "close");
      const client = clientOf(server.httpAddress!, tenant, connectTransport);
      await client.append(appendTo("after"));
      expect((await readAll(client)).map((event) => event.aggregateId)).toEqual(["after"]);
    },
  );

  test("following: their place is given to the next", async () => {
    for (const open of [connectTransport, connectJsonTransport]) {
      const client = clientOf(server.httpAddress!, newTenant(), open);
      const leaving = new AbortController();
      const first = client.readAll({ follow: true }, { signal: leaving.signal });
      await first[Symbol.asyncIterator]().next();
      leaving.abort();
      const follow = async (): Promise<boolean> => {
        for await (const _ of client.readAll({ follow: true })) return true;
        return false;
      };
      await vi.waitFor(async () => {
        expect(await follow()).toBe(true);
      }, 10_000);
    }
  });

  test("or stay and read nothing: they are cut off", async () => {
    const own = await startServerProcess(["--store=memory:", "--reader-stall-timeout-ms=100"]);
    const socket = await readNothing(own.httpAddress);
    await vi.waitFor(() => {
      expect(own.log).toContainEqual(expect.objectContaining({ outcome: "limit_exceeded" }));
    }, 10_000);
    socket.resume();
    await once(socket, "close");
    expect(await own.end("SIGTERM")).toBe(0);
  });
});

test("a stream's deadline ends it with its reason", async () => {
  const client = clientOf(server.httpAddress!, newTenant(), connectTransport);
  const response = await fetch(`http://${server.httpAddress!}/annals.v1.EventStore/ReadAll`, {
    method: "POST",
    headers: {
      "content-type": "application/connect+json",
      "connect-timeout-ms": "100",
      "x-tenant-id": newTenant(),
    },
    body: Buffer.concat([Buffer.from([0, 0, 0, 0, 15]), Buffer.from('{"follow":true}')]),
  });
  expect(await response.text()).toContain("ERROR_REASON_DEADLINE_EXCEEDED");
  await client.getHead({});
});

test("a connection that answers its pings is kept", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const session = Object.assign(new EventEmitter(), {
    destroy: vi.fn(),
    ping: (answer: () => void) => setTimeout(answer, 10),
  });
  keepAlive(session as unknown as Http2Session, 1_000);
  vi.advanceTimersByTime(120_000);
  expect(session.destroy).not.toHaveBeenCalled();
  session.emit("close");
  vi.advanceTimersByTime(10);
  expect(vi.getTimerCount()).toBe(0);
});

test("the requests of a call leave no listener on its signal", async () => {
  const { signal } = new AbortController();
  const requests = (async function* () {
    for (let i = 0; i < 20; i++) yield await Promise.resolve(create(AppendRequestSchema));
  })();
  let most = 0;
  const taken = incoming(AppendRequestSchema, () => undefined, requests, signal, 1_000);
  while (!(await taken.next()).done) {
    most = Math.max(most, getEventListeners(signal, "abort").length);
  }
  expect(most).toBeLessThanOrEqual(1);
});

describe("stopping", () => {
  test("ends streams with UNAVAILABLE, waits for nobody who is idle, and is done", async () => {
    const own = await startServerProcess(["--store=memory:"]);
    await connectRaw(own.httpAddress); // says nothing
    expect((await fetch(`http://${own.httpAddress}/healthz`)).status).toBe(200); // kept alive
    const client = clientOf(own.httpAddress, newTenant(), connectTransport);
    const following = client.readAll({ follow: true })[Symbol.asyncIterator]();
    await following.next();
    const rest = (async () => {
      while (!(await following.next()).done);
    })();
    const ended = rest.catch((error: unknown) => ConnectError.from(error));
    expect(await own.end("SIGTERM")).toBe(0);
    const [detail] = ((await ended) as ConnectError).findDetails(ErrorDetailSchema);
    expect(detail).toMatchObject({ reason: ErrorReason.UNAVAILABLE, retryAfter: {} });
    expect(own.log.at(-1)).toMatchObject({ msg: "stopped", drained: true });
  });

  test("cuts off who does not read what is due, in bounded time", async () => {
    const own = await startServerProcess(["--store=memory:", "--shutdown-timeout-ms=500"]);
    const socket = await readNothing(own.httpAddress);
    expect(await own.end("SIGTERM")).toBe(0);
    expect(own.log.at(-1)).toMatchObject({ drained: false });
    socket.destroy();
  });
});
