import { readFileSync } from "node:fs";
import { connect, type ClientHttp2Stream } from "node:http2";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import {
  ReadAllRequestSchema,
  type ReadAllResponse,
  ReadAllResponseSchema,
} from "@annals/proto/annals/v1/event_store";
import { createUuidV7 } from "#client/events/uuid-v7.js";
import { appendTo, clientOf, type EventStoreClient, newEvent } from "../support/client.js";
import { newTenant } from "../support/server.js";
import { startServerProcess } from "../support/server-process.js";
import { tempFolder } from "../support/temp-folder.js";

const appends = 1_000;
const eventsPerAppend = 1_000;
const total = BigInt(appends * eventsPerAppend);

test("a reader that never reads costs constant memory, and missed nothing when it reads again", async () => {
  const server = await startServerProcess([
    `--store=sqlite:${join(tempFolder(), "annals.db")}`,
    "--tail-bytes=4000000",
    "--page-cache-bytes=4000000",
    "--reader-stall-timeout-ms=600000",
  ]);
  onTestFinished(async () => {
    await server.end("SIGKILL");
  });
  const tenant = newTenant();
  const client = clientOf(server.address, tenant);
  await fill(client, 50);
  const stalled = followRaw(server.address, tenant);
  const lively = countLive(client);
  await fill(client, 250); // until the process is as large as it is for others
  const before = residentBytes(server.child.pid!);
  await fill(client, appends - 300);
  const after = residentBytes(server.child.pid!);
  await expect.poll(() => lively.seen, { timeout: 30_000 }).toBe(total);

  // What the reader was not sent meanwhile is about 300 bytes for each of 700,000 events.
  expect(after - before).toBeLessThan(120_000_000);

  let next = 1n;
  const kinds = new Set<string | undefined>();
  for await (const { answer } of stalled.answers()) {
    kinds.add(answer.case);
    if (answer.case !== "page") continue;
    for (const { position } of answer.value.events) {
      if (position !== next++) throw new Error(`${position} came as number ${next - 1n}`);
    }
    if (next > total) break;
  }
  stalled.close();
  expect(kinds).toContain("page");
  expect(await server.end("SIGTERM")).toBe(0);
}, 400_000);

test("a reader that stands still for too long is ended, the others are not", async () => {
  const server = await startServerProcess([
    `--store=sqlite:${join(tempFolder(), "annals.db")}`,
    "--reader-stall-timeout-ms=2000", // the other reader may be kept waiting by a busy machine
  ]);
  onTestFinished(async () => {
    await server.end("SIGKILL");
  });
  const tenant = newTenant();
  const client = clientOf(server.address, tenant);
  await fill(client, 20);
  const stalled = followRaw(server.address, tenant);
  const lively = countLive(client);
  await expect
    .poll(() => server.log.find((line) => line["outcome"] === "limit_exceeded"), {
      timeout: 20_000,
    })
    .toMatchObject({ method: "annals.v1.EventStore/ReadAll" });
  await fill(client, 1);
  await expect.poll(() => lively.seen, { timeout: 20_000 }).toBe(21_000n);
  stalled.close();
  expect(await server.end("SIGTERM")).toBe(0);
}, 60_000);

async function fill(client: EventStoreClient, count: number): Promise<void> {
  const data = new Uint8Array(100).fill(120);
  for (let i = 0; i < count; i++) {
    const events = Array.from({ length: eventsPerAppend }, () =>
      newEvent({ eventId: createUuidV7(), data }),
    );
    await client.append(appendTo(`o-${i}`, undefined, events));
  }
}

/** Follows a tenant's log from its beginning, and counts. */
function countLive(client: EventStoreClient): { readonly seen: bigint } {
  const count = { seen: 0n };
  const reading = async (): Promise<void> => {
    for await (const { answer } of client.readAll({ follow: true })) {
      if (answer.case !== "page") continue;
      for (const { position } of answer.value.events) {
        if (position !== ++count.seen) throw new Error(`${position} came as number ${count.seen}`);
      }
    }
  };
  reading().catch(() => undefined); // ended with the server
  return count;
}

interface RawFollower {
  answers(): AsyncIterable<ReadAllResponse>;
  close(): void;
}

/** Follows over HTTP/2 without reading: the window of the stream is never opened until `answers`. */
function followRaw(address: string, tenant: string): RawFollower {
  const session = connect(`http://${address}`);
  const stream: ClientHttp2Stream = session.request({
    ":method": "POST",
    ":path": "/annals.v1.EventStore/ReadAll",
    "content-type": "application/grpc",
    te: "trailers",
    "x-tenant-id": tenant,
  });
  session.on("error", () => undefined);
  stream.on("error", () => undefined);
  const message = toBinary(ReadAllRequestSchema, create(ReadAllRequestSchema, { follow: true }));
  stream.end(framed(message));
  stream.pause();
  return {
    async *answers() {
      let rest = Buffer.alloc(0);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
          const end = 5 + rest.readUInt32BE(1);
          yield fromBinary(ReadAllResponseSchema, rest.subarray(5, end));
          rest = rest.subarray(end);
        }
      }
    },
    close: () => {
      session.destroy();
    },
  };
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Resident memory of a process, by Linux. */
function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return 1024 * Number(line?.[1]);
}
