import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:http2";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate, setTimeout } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import { AppendStreamRequestSchema } from "@annals/proto/annals/v1/event_store";
import { OpenCalls } from "#server/transport/grpc/open-calls.js";
import {
  any,
  appendTo,
  clientOf,
  connectTransport,
  grpcTransport,
  newEvent,
  readAll,
} from "./support/client.js";
import { newTenant } from "./support/server.js";
import { startServerProcess } from "./support/server-process.js";
import { tempFolder } from "./support/temp-folder.js";
import { TestCall } from "./support/test-call.js";

const anyPort = ["--grpc-address=127.0.0.1:0", "--http-address=127.0.0.1:0"];

describe("stopping", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s: what was taken is written, streams end UNAVAILABLE, exit 0",
    async (signal) => {
      const file = join(tempFolder(), "annals.db");
      const server = await startServerProcess([`--store=sqlite:${file}`]);
      const tenant = newTenant();
      const client = clientOf(server.address, tenant);

      let acknowledged = 0;
      const unary = Array.from({ length: 8 }, async (_, i) => {
        for (;;) {
          await client.append(appendTo(`${signal}-${i}`));
          acknowledged++;
        }
      });
      // A pipelined call that is kept open: only the server ends it.
      const pipelined = (async () => {
        const requests = async function* () {
          for (let i = 0; ; i++) {
            await setTimeout(1);
            const append = appendTo("pipelined");
            yield create(AppendStreamRequestSchema, { correlationId: BigInt(i), append });
          }
        };
        for await (const { outcome } of client.appendStream(requests())) {
          if (outcome.case === "appended") acknowledged++;
        }
      })();
      const ended = Promise.allSettled([...unary, pipelined]);
      await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(20);
      expect(await server.end(signal)).toBe(0);

      const errors = (await ended).map((result) =>
        ConnectError.from((result as PromiseRejectedResult).reason),
      );
      for (const error of errors) {
        // A call that meets the closing connection is refused by HTTP/2 itself, which has no status.
        const refused = error.cause instanceof Error && "code" in error.cause && error.cause.code;
        if (refused !== "ERR_HTTP2_STREAM_ERROR") expect(Code[error.code]).toBe("Unavailable");
      }
      const [detail] = errors.at(-1)!.findDetails(ErrorDetailSchema);
      expect(detail).toMatchObject({ reason: ErrorReason.UNAVAILABLE, retryAfter: {} });

      const again = await startServerProcess([`--store=sqlite:${file}`]);
      const events = await readAll(clientOf(again.address, tenant));
      await again.end("SIGTERM");
      expect(acknowledged).toBeGreaterThan(20);
      expect(events.length).toBeGreaterThanOrEqual(acknowledged);
      expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => BigInt(i + 1)));
    },
  );

  test.each([
    ["gRPC", grpcTransport],
    ["HTTP", connectTransport],
  ] as const)(
    "every append that a pipelined call over %s had written is answered before it ends",
    async (_, transport) => {
      const file = join(tempFolder(), "annals.db");
      const server = await startServerProcess([`--store=sqlite:${file}`]);
      const tenant = newTenant();
      const address = transport === grpcTransport ? server.address : server.httpAddress;
      const client = clientOf(address, tenant, transport);
      const data = Buffer.alloc(500);
      const requests = async function* () {
        for (let i = 0; ; i++) {
          if (i % 100 === 99) await setImmediate();
          const events = Array.from({ length: 20 }, () => newEvent({ data }));
          const append = appendTo(`${i}`, any, events);
          yield create(AppendStreamRequestSchema, { correlationId: BigInt(i), append });
        }
      };
      const answered: bigint[] = [];
      let ended: Promise<unknown> | undefined;
      await expect(
        (async () => {
          for await (const { correlationId, outcome } of client.appendStream(requests())) {
            if (outcome.case === "appended") answered.push(correlationId);
            if (answered.length === 20) ended = server.end("SIGTERM");
          }
        })(),
      ).rejects.toThrow();
      expect(await ended).toBe(0);

      const again = await startServerProcess([`--store=sqlite:${file}`]);
      const written = await readAll(clientOf(again.address, tenant));
      await again.end("SIGTERM");
      const appends = new Set(written.map(({ aggregateId }) => BigInt(aggregateId)));
      expect(new Set(answered)).toEqual(appends);
    },
  );

  test("a stream that comes while the server stops is ended too", () => {
    const calls = new OpenCalls();
    calls.endStreams(1_000);
    const call = new TestCall("streaming");
    calls.add(call);
    expect(call.reason).toMatchObject({ failure: { reason: "unavailable", retryAfterMs: 1_000 } });
  });

  test("a reader that stands still does not hold up a stop", async () => {
    const server = await startServerProcess(["--store=memory:", "--shutdown-timeout-ms=60000"]);
    const tenant = newTenant();
    const slow = connect(`http://${server.address}`, { settings: { initialWindowSize: 200 } });
    slow.on("error", () => undefined);
    const call = slow.request({
      ...{ ":method": "POST", ":path": "/annals.v1.EventStore/AppendStream" },
      ...{ "content-type": "application/grpc", te: "trailers", "x-tenant-id": tenant },
    });
    call.on("error", () => undefined);
    for (let i = 0; i < 2_000; i++) {
      const request = create(AppendStreamRequestSchema, { append: appendTo(`${i}`) });
      const message = toBinary(AppendStreamRequestSchema, request);
      const length = Buffer.alloc(5);
      length.writeUInt32BE(message.length, 1);
      call.write(Buffer.concat([length, message]));
    }
    const written = async () => (await clientOf(server.address, tenant).getHead({})).head?.position;
    await expect.poll(written, { timeout: 20_000 }).toBeGreaterThan(250n);
    const begun = performance.now();
    expect(await server.end("SIGTERM")).toBe(0);
    expect(performance.now() - begun).toBeLessThan(20_000);
    slow.destroy();
  });

  test("told to stop while it starts, it stops in order once it has started; told again, at once", async () => {
    for (const again of [false, true]) {
      const keys = createServer().listen(0, "127.0.0.1");
      await once(keys, "listening");
      const jwks = `http://127.0.0.1:${(keys.address() as AddressInfo).port}`;
      const child = spawn(
        process.execPath,
        [
          "server/dist/main.js",
          "serve",
          ...anyPort,
          "--store=memory:",
          "--auth=jwt",
          `--auth-jwt-jwks=${jwks}`,
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const exited = once(child, "exit");
      const logged = text(child.stdout);
      const [, answer] = (await once(keys, "request")) as [unknown, ServerResponse];
      child.kill("SIGTERM");
      if (again) {
        await setTimeout(100); // two signals at the same time are one
        child.kill("SIGTERM");
      } else answer.end('{"keys": []}');
      expect(await exited).toEqual([again ? 1 : 0, null]);
      if (!again) expect(await logged).toMatch(/"listening".*"stopping".*"stopped"/s);
      keys.close();
      keys.closeAllConnections();
    }
  });

  test("annals health says SERVING while it runs, and fails after", async () => {
    const server = await startServerProcess(["--store=memory:"]);
    const health = () =>
      spawnSync(
        process.execPath,
        ["server/dist/main.js", "health", `--grpc-address=${server.address}`],
        { encoding: "utf8", timeout: 20_000 },
      );
    expect(health()).toMatchObject({ status: 0, stdout: "SERVING\n" });
    await server.end("SIGTERM");
    expect(health().status).toBe(1);
  });

  test("annals health says in one line that a certificate cannot be read", () => {
    const flags = ["--tls-cert-file=/nowhere/annals.crt", "--tls-key-file=/nowhere/annals.key"];
    const { status, stderr } = spawnSync(
      process.execPath,
      ["server/dist/main.js", "health", ...flags],
      { encoding: "utf8", timeout: 20_000 },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^annals: the certificate .*ENOENT.*annals\.crt.*\n$/);
  });

  test("a second server on the same file does not start, and says why", async () => {
    const flag = `--store=sqlite:${join(tempFolder(), "annals.db")}`;
    const server = await startServerProcess([flag]);
    await expect(startServerProcess([flag])).rejects.toThrow("in use by another server");
    expect(await server.end("SIGTERM")).toBe(0);
  });
});

describe("crashing", () => {
  test("kill -9 under load, many times: what was acknowledged is there once, in order, without a hole", async () => {
    const store = `--store=sqlite:${join(tempFolder(), "annals.db")}`;
    const tenant = newTenant();
    const acknowledged = new Map<string, bigint>();
    const doubtful = new Map<string, string>();

    for (let round = 0; round < 6; round++) {
      const server = await startServerProcess([store]);
      const client = clientOf(server.address, tenant);
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        for (let i = 0; ; i++) {
          const eventIds = [randomUUID(), randomUUID()];
          const events = eventIds.map((eventId) => newEvent({ eventId }));
          const aggregate = `${round}-${writer}`;
          for (const id of eventIds) doubtful.set(id, aggregate);
          const answer = await client.append(appendTo(aggregate, any, events));
          eventIds.forEach((id, k) => {
            doubtful.delete(id);
            acknowledged.set(id, answer.firstPosition + BigInt(k));
          });
        }
      });
      const ended = Promise.allSettled(writers);
      const enough = 40 * (round + 1);
      await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(enough);
      await setTimeout(60 * round); // somewhere in the middle of it
      await server.end("SIGKILL");
      await ended;
    }

    const server = await startServerProcess([store]);
    const client = clientOf(server.address, tenant);
    const events = await readAll(client);
    expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => BigInt(i + 1)));
    const places = new Map(events.map((event) => [event.eventId, event.position]));
    expect(places.size).toBe(events.length);
    expect(acknowledged.size).toBeGreaterThan(200);
    for (const [id, position] of acknowledged) expect(places.get(id)).toBe(position);

    // What is in doubt is there whole or not at all; sending it again settles it, once.
    const inDoubt = [...doubtful];
    for (let i = 0; i < inDoubt.length; i += 2) {
      const pair = inDoubt.slice(i, i + 2);
      const [here] = new Set(pair.map(([id]) => places.has(id)));
      const retry = pair.map(([eventId]) => newEvent({ eventId }));
      const answer = await client.append(appendTo(pair[0]![1], any, retry));
      expect(answer.deduplicated).toBe(here);
    }
    const settled = (await readAll(client)).map(({ eventId }) => eventId);
    expect(new Set(settled).size).toBe(settled.length);
    expect(settled.length).toBe(acknowledged.size + doubtful.size);
    expect(await server.end("SIGTERM")).toBe(0);
  });
});
