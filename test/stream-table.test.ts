import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startTestServer } from "#server/testing/start-test-server.js";
import { keepStreamsInTable, StreamTable } from "#server/transport/stream-table.js";

describe("a table of streams", () => {
  test("answers as a Map does, whatever is done to it", () => {
    const id = fc.integer({ min: 0, max: 12 });
    const step = fc.oneof(
      fc.record({ act: fc.constant("set" as const), id, value: fc.string({ maxLength: 3 }) }),
      fc.record({ act: fc.constant("delete" as const), id }),
      fc.record({ act: fc.constant("clear" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new StreamTable<string>();
        const map = new Map<number, string>();
        for (const each of steps) {
          if (each.act === "set") {
            table.set(each.id, each.value);
            map.set(each.id, each.value);
          } else if (each.act === "delete") {
            expect(table.delete(each.id)).toBe(map.delete(each.id));
          } else {
            table.clear();
            map.clear();
          }
          expect(table.size).toBe(map.size);
          expect(new Map(table)).toEqual(map);
          expect(new Set(table.keys())).toEqual(new Set(map.keys()));
          expect([...table.values()].sort()).toEqual([...map.values()].sort());
          for (let key = 0; key <= 12; key++) {
            expect(table.has(key)).toBe(map.has(key));
            expect(table.get(key)).toBe(map.get(key));
          }
        }
      }),
    );
  });

  test("lets go of what is deleted while all are gone through, and misses none", () => {
    const table = new StreamTable<string>();
    for (let id = 1; id <= 5; id++) table.set(id, `stream ${id}`);
    const seen: string[] = [];
    table.forEach((stream, id) => {
      seen.push(stream);
      table.delete(id);
    });
    expect(seen).toHaveLength(5);
    expect(table.size).toBe(0);
  });
});

/** Nodes on which it is used. */
const isUsed = /^v2[02]\./.test(process.version);

describe("the server", () => {
  test.runIf(isUsed)("has one for each connection, on both ports", async () => {
    await using server = await startTestServer();
    const set = vi.spyOn(StreamTable.prototype, "set");
    try {
      for (const address of [server.address, server.httpAddress]) {
        set.mockClear();
        const client = connect(`http://${address}`);
        const request = client.request({ ":path": "/" });
        request.on("error", () => undefined).resume();
        await once(request, "close");
        client.destroy();
        expect(set, address).toHaveBeenCalledOnce();
      }
    } finally {
      set.mockRestore();
    }
  });
});

describe("an HTTP/2 session of this Node", () => {
  let server: Http2Server;
  let session: ServerHttp2Session;
  let client: ClientHttp2Session;
  const open: ServerHttp2Stream[] = [];

  beforeEach(async () => {
    open.length = 0;
    server = createServer();
    server.on("session", (each) => {
      session = each;
      keepStreamsInTable(each);
    });
    server.on("stream", (stream) => {
      stream.on("error", () => undefined);
      open.push(stream);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on("error", () => undefined);
  });
  afterEach(() => {
    client.destroy();
    server.close();
  });

  /** Where it keeps its streams, as Node names it. */
  function streams(): unknown {
    const key = Object.getOwnPropertySymbols(session).find(
      ({ description }) => description === "state",
    );
    if (!key) throw new Error("a session of this Node has no state");
    return (session as unknown as Record<symbol, { streams: unknown } | undefined>)[key]?.streams;
  }

  async function openStreams(count: number): Promise<void> {
    for (let i = 0; i < count; i++) client.request().on("error", () => undefined);
    await expect.poll(() => open.length).toBe(count);
  }

  test.runIf(isUsed)("keeps its streams in a table", async () => {
    await openStreams(3);
    expect(streams()).toBeInstanceOf(StreamTable);
    expect((streams() as StreamTable<unknown>).size).toBe(3);
    for (const stream of open) {
      stream.respond();
      stream.end();
    }
    await expect.poll(() => (streams() as StreamTable<unknown>).size).toBe(0);
  });

  test("that is destroyed ends every stream", async () => {
    await openStreams(20);
    session.destroy();
    await expect.poll(() => open.every((stream) => stream.destroyed)).toBe(true);
  });

  test("that is closed waits for its streams", async () => {
    await openStreams(2);
    let closed = false;
    session.on("close", () => {
      closed = true;
    });
    session.close();
    for (const stream of open) {
      expect(closed).toBe(false);
      stream.respond();
      stream.end();
    }
    await expect.poll(() => closed).toBe(true);
  });
});
