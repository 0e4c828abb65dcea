import { once } from "node:events";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { AppendRequestSchema, ReadAllRequestSchema } from "@annals/proto/annals/v1/event_store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, noStream, readAll } from "../support/client.js";
import { flags, frame, frameType, headerBlock, openRawHttp2 } from "../support/raw-http2.js";
import { newTenant, startTestServer } from "../support/server.js";

const maxConcurrentStreams = 20;

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer({ maxConcurrentStreams: String(maxConcurrentStreams) });
});
afterAll(async () => {
  expect(await server.stop()).toBe(true); // no call of an attacker is left open
});

const headersOf = (method: string, tenant: string, more: Record<string, string> = {}): Buffer =>
  headerBlock({
    ":method": "POST",
    ":scheme": "http",
    ":path": `/annals.v1.EventStore/${method}`,
    ":authority": "annals",
    "content-type": "application/grpc",
    te: "trailers",
    "x-tenant-id": tenant,
    ...more,
  });

/** A gRPC message in a DATA frame that ends its stream. */
function message(streamId: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.byteLength, 1);
  return frame(frameType.data, flags.endStream, streamId, Buffer.concat([head, bytes]));
}

const cancel = Buffer.from([0, 0, 0, 8]);
const follow = toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema, { follow: true }));

async function expectServing(address: string): Promise<void> {
  const client = clientOf(address, newTenant());
  expect(await client.append(appendTo("alive"))).toMatchObject({ aggregateVersion: 1n });
}

describe.each([
  ["the gRPC port", () => server.grpcAddress],
  ["the HTTP port", () => server.httpAddress ?? ""],
])("HTTP/2 on %s", (_, address) => {
  test("rapid reset: streams opened and reset by the thousand leave the others served", async () => {
    const attacker = await openRawHttp2(address());
    const block = headersOf("ReadAll", newTenant());
    let id = 1;
    for (let round = 0; round < 100 && !attacker.closed; round++) {
      const frames: Buffer[] = [];
      for (let i = 0; i < 200; i++, id += 2) {
        frames.push(frame(frameType.headers, flags.endHeaders, id, block));
        frames.push(frame(frameType.rstStream, flags.none, id, cancel));
      }
      await attacker.write(...frames);
      if (round % 20 === 0) await expectServing(address());
    }
    await expectServing(address());
    attacker.destroy();
  });

  test("appends reset as soon as they are sent are written whole or not at all", async () => {
    const tenant = newTenant();
    const attacker = await openRawHttp2(address());
    const block = headersOf("Append", tenant);
    for (let n = 0; n < 500 && !attacker.closed; n++) {
      const request = create(AppendRequestSchema, appendTo(`reset-${n}`, noStream));
      await attacker.write(
        frame(frameType.headers, flags.endHeaders, 2 * n + 1, block),
        message(2 * n + 1, toBinary(AppendRequestSchema, request)),
        frame(frameType.rstStream, flags.none, 2 * n + 1, cancel),
      );
    }
    attacker.destroy();
    const client = clientOf(address(), tenant);
    await client.append(appendTo("after"));
    const events = await readAll(client);
    expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => BigInt(i + 1)));
    expect(events.every(({ aggregateVersion }) => aggregateVersion === 1n)).toBe(true);
  });

  test("a flood of streams: no more are served at a time than the limit", async () => {
    const attacker = await openRawHttp2(address());
    const block = headersOf("ReadAll", newTenant());
    const opened = 10 * maxConcurrentStreams;
    for (let n = 0; n < opened; n++) {
      await attacker.write(
        frame(frameType.headers, flags.endHeaders, 2 * n + 1, block),
        message(2 * n + 1, follow),
      );
    }
    const count = (type: number) => attacker.frames.filter((one) => one.type === type).length;
    await attacker.until(() => attacker.closed || count(frameType.rstStream) > 0);
    await expectServing(address());
    expect(count(frameType.headers)).toBeLessThanOrEqual(maxConcurrentStreams);
    attacker.destroy();
  });

  test("a header block that does not end closes the connection", async () => {
    const attacker = await openRawHttp2(address());
    await attacker.write(frame(frameType.headers, flags.none, 1, headersOf("Append", newTenant())));
    const more = headerBlock({ "x-filler": "x".repeat(8_000) });
    for (let n = 0; n < 2_000 && !attacker.closed; n++) {
      await attacker.write(frame(frameType.continuation, flags.none, 1, more));
    }
    await attacker.until(() => attacker.closed);
    await expectServing(address());
  });

  test("headers larger than 64 KiB are refused", async () => {
    const attacker = await openRawHttp2(address());
    const block = headersOf("GetHead", newTenant(), { "x-filler": "x".repeat(80_000) });
    const parts = Array.from({ length: Math.ceil(block.length / 16_000) }, (_, i) =>
      block.subarray(i * 16_000, (i + 1) * 16_000),
    );
    await attacker.write(
      ...parts.map((part, i) => {
        const last = i === parts.length - 1 ? flags.endHeaders : flags.none;
        return frame(i === 0 ? frameType.headers : frameType.continuation, last, 1, part);
      }),
    );
    await attacker.write(message(1, new Uint8Array()));
    const refusals: readonly number[] = [frameType.rstStream, frameType.goAway, frameType.headers];
    await attacker.until(
      () => attacker.closed || attacker.frames.some((f) => refusals.includes(f.type)),
    );
    expect(attacker.frames.some(({ type }) => type === frameType.data)).toBe(false);
    await expectServing(address());
    attacker.destroy();
  });

  test.each([
    ["PINGs", () => frame(frameType.ping, flags.none, 0, Buffer.alloc(8))],
    ["SETTINGS", () => frame(frameType.settings, flags.none, 0)],
  ])("a flood of %s whose answers nobody reads leaves the others served", async (_, make) => {
    const attacker = await openRawHttp2(address());
    const frames = Array.from({ length: 1_000 }, make);
    for (let round = 0; round < 50 && !attacker.closed; round++) await attacker.write(...frames);
    await expectServing(address());
    attacker.destroy();
  });

  test("bytes that are no HTTP are cut off", async () => {
    const attacker = await openRawHttp2(address(), false);
    await attacker.write(Buffer.alloc(100_000, "PRI \0\xff rubbish "));
    await attacker.until(() => attacker.closed);
    await expectServing(address());
  });
});

test("slow headers: a connection that never finishes its request is closed", async () => {
  await using patient = await startTestServer({ keepaliveMs: "1000" });
  const silent: [string, string][] = [
    [patient.grpcAddress, ""],
    [patient.grpcAddress, "PRI * HTTP/2.0\r\n"],
    [patient.httpAddress ?? "", ""],
    [patient.httpAddress ?? "", "PR"],
    [patient.httpAddress ?? "", "PRI * HTTP/2.0\r\n"],
    [patient.httpAddress ?? "", "POST /annals.v1.EventStore/Append HTTP/1.1\r\nx-slow: "],
  ];
  await Promise.all(
    silent.map(async ([address, words]) => {
      const colon = address.lastIndexOf(":");
      const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
      socket.on("error", () => undefined).resume();
      await once(socket, "connect");
      socket.write(words);
      await once(socket, "close");
    }),
  );
}, 60_000);
