import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test } from "vitest";
import { createClient } from "@connectrpc/connect";
import {
  AppendStreamRequestSchema,
  EventStore,
  ReadAllRequestSchema,
} from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { noFilter } from "#server/domain/filter.js";
import { Followers, lagOf } from "#server/reader/followers.js";
import { LogTail } from "#server/reader/log-tail.js";
import { Tail } from "#server/reader/tail.js";
import type { ServiceContext } from "#server/service/context.js";
import { followLog } from "#server/service/follow-log.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import { Metrics } from "#server/telemetry/metrics.js";
import {
  any,
  appendTo,
  clientOf,
  connectTransport,
  type EventStoreClient,
  grpcTransport,
  newEvent,
  noStream,
  read,
  readAll,
} from "./support/client.js";
import { scrape } from "./support/metrics.js";
import { newTenant, startTestServer } from "./support/server.js";
import {
  any as anyVersion,
  newEvents,
  newStream,
  newTenant as newTenantId,
} from "./support/store-input.js";
import { tempFolder } from "./support/temp-folder.js";

const withMetrics = { metricsAddress: "127.0.0.1:0" };
const eventStore = "annals.v1.EventStore";

/** Appends to some orders over one call; answers how each ended. */
async function appendPipelined(client: EventStoreClient, ids: readonly string[]) {
  const requests = ids.map((id) => create(AppendStreamRequestSchema, { append: appendTo(id) }));
  const outcomes: (string | undefined)[] = [];
  for await (const { outcome } of client.appendStream(Readable.from(requests)))
    outcomes.push(outcome.case);
  return outcomes;
}

/** Follows a log until it has all that there is. */
async function catchUp(client: EventStoreClient): Promise<void> {
  for await (const { answer } of client.readAll({ follow: true })) {
    if (answer.case === "caughtUp") return;
  }
}

/** Follows a tenant's log over a connection that takes hardly anything. */
function followWithoutReading(address: string, tenant: string, afterPosition: bigint) {
  const session = connectHttp2(`http://${address}`, { settings: { initialWindowSize: 10 } });
  session.on("error", () => undefined);
  const call = session.request({
    ...{ ":method": "POST", ":path": `/${eventStore}/ReadAll` },
    ...{ "content-type": "application/grpc", te: "trailers", "x-tenant-id": tenant },
  });
  call.on("error", () => undefined);
  const start = { case: "afterPosition", value: afterPosition } as const;
  const request = create(ReadAllRequestSchema, { follow: true, start });
  const message = toBinary(ReadAllRequestSchema, request);
  call.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  return session;
}

describe("metrics", () => {
  test("are off unless asked for, and on no port that tenants call", async () => {
    await using server = await startTestServer();
    expect(server.metricsAddress).toBeUndefined();
    await using watched = await startTestServer(withMetrics);
    expect(watched.metricsAddress).not.toBe(watched.httpAddress);
    expect((await fetch(`http://${watched.httpAddress}/metrics`)).status).toBe(404);
  });

  test("count calls by method and outcome, on both ports, and time the unary ones", async () => {
    await using server = await startTestServer(withMetrics);
    const tenant = newTenant();
    await clientOf(server.grpcAddress, tenant).append(appendTo("1", noStream));
    const overHttp = clientOf(server.httpAddress ?? "", tenant, connectTransport);
    await expect(overHttp.append(appendTo("1", noStream))).rejects.toThrow();
    const nobody = createClient(EventStore, grpcTransport(server.grpcAddress, {}));
    await expect(nobody.getHead({})).rejects.toThrow();
    await readAll(overHttp);

    const { value } = await scrape(server.metricsAddress);
    const calls = (method: string, outcome: string) =>
      value(`annals_calls_total{method="${eventStore}/${method}",outcome="${outcome}"}`);
    expect(calls("Append", "ok")).toBe(1);
    expect(calls("Append", "version_conflict")).toBe(1);
    expect(calls("GetHead", "unauthenticated")).toBe(1);
    expect(calls("ReadAll", "ok")).toBe(1);
    const count = (method: string) =>
      value(`annals_call_duration_seconds_count{method="${eventStore}/${method}"}`);
    expect(count("Append")).toBe(2);
    expect(count("ReadAll")).toBe(0); // how long a stream is open says nothing
    expect(value('annals_audit_events_total{event="bad_credential"}')).toBe(1);
  });

  test("count appends of every kind, and of events only those written", async () => {
    await using server = await startTestServer(withMetrics);
    const client = clientOf(server.grpcAddress, newTenant());
    const events = [newEvent(), newEvent({ data: Buffer.alloc(1_000) })];
    await client.append(appendTo("1", any, events));
    await client.append(appendTo("1", any, events));
    await expect(client.append(appendTo("1", noStream))).rejects.toThrow();
    const pipelined = await appendPipelined(client, ["2", "", "3"]);
    expect(pipelined.sort()).toEqual(["appended", "appended", "failed"]);

    const { value } = await scrape(server.metricsAddress);
    const appends = (outcome: string) => value(`annals_appends_total{outcome="${outcome}"}`);
    expect(appends("ok")).toBe(3);
    expect(appends("deduplicated")).toBe(1);
    expect(appends("version_conflict")).toBe(1);
    expect(appends("invalid_argument")).toBe(1);
    expect(value("annals_appended_events_total")).toBe(4);
    expect(value("annals_appended_bytes_total")).toBeGreaterThan(1_000);
    expect(value("annals_appended_bytes_total")).toBeLessThan(3_000);
    expect(value("annals_commit_appends_sum")).toBe(5);
    expect(value("annals_commit_duration_seconds_count")).toBeGreaterThanOrEqual(4);
    expect(value("annals_write_queue_appends")).toBe(0);
  });

  test("count what readers are handed, and the pages they share", async () => {
    await using server = await startTestServer(withMetrics);
    const client = clientOf(server.grpcAddress, newTenant());
    await client.append(
      appendTo(
        "1",
        any,
        Array.from({ length: 1_000 }, () => newEvent()),
      ),
    );
    const eventsOf = async () =>
      (await scrape(server.metricsAddress)).value("annals_read_events_total");
    for (let i = 1; i <= 3; i++) {
      await readAll(client);
      expect(await eventsOf()).toBe(1_000 * i);
    }
    expect(await read(client, { stream: appendTo("1").stream })).toHaveLength(1_000);
    expect(await eventsOf()).toBe(4_000);
    const { events } = await client.getEventsByType({ aggregateType: "Order", pageSize: 10 });
    expect(await eventsOf()).toBe(4_000 + events.length);
    expect((await scrape(server.metricsAddress)).value("annals_followed_bytes_total")).toBe(0);
    await catchUp(client);
    expect(await eventsOf()).toBe(5_000 + events.length);

    const { value } = await scrape(server.metricsAddress);
    expect(value('annals_page_cache_pages_total{result="kept"}')).toBeGreaterThan(0);
    expect(value('annals_page_cache_pages_total{result="read"}')).toBeGreaterThan(0);
    expect(value("annals_page_cache_bytes")).toBeGreaterThan(100_000);
    const followed = value("annals_followed_bytes_total");
    expect(followed).toBe(value("annals_appended_bytes_total")); // all of them, once
  });

  test("say who is connected: open streams and followers, while they are", async () => {
    await using server = await startTestServer(withMetrics);
    const client = clientOf(server.grpcAddress, newTenant());
    const stopped = new AbortController();
    let caughtUp = (): void => undefined;
    const ready = new Promise<void>((resolve) => (caughtUp = resolve));
    const following = (async () => {
      const steps = client.readAll({ follow: true }, { signal: stopped.signal });
      for await (const { answer } of steps) if (answer.case === "caughtUp") caughtUp();
    })();
    await ready;
    await client.append(appendTo("1"));
    const open = `annals_open_streams{method="${eventStore}/ReadAll"}`;
    const now = await scrape(server.metricsAddress);
    expect([now.value(open), now.value("annals_followers")]).toEqual([1, 1]);
    await expect
      .poll(async () => (await scrape(server.metricsAddress)).value("annals_read_events_total"))
      .toBe(1);
    expect((await scrape(server.metricsAddress)).value("annals_follower_lag_events")).toBe(0);

    stopped.abort();
    await expect(following).rejects.toThrow();
    await expect
      .poll(async () => {
        const { value } = await scrape(server.metricsAddress);
        return [value(open), value("annals_followers")];
      })
      .toEqual([0, 0]);
  });

  test("say how far the follower lags that does not read, and that it no longer does", async () => {
    await using server = await startTestServer(withMetrics);
    const tenant = newTenant();
    const client = clientOf(server.grpcAddress, tenant);
    const stand = followWithoutReading(server.grpcAddress, tenant, 0n);
    const lag = async () => {
      const { value } = await scrape(server.metricsAddress);
      return {
        events: value("annals_follower_lag_events"),
        s: value("annals_follower_lag_seconds"),
      };
    };
    const data = Buffer.alloc(1_000);
    for (let i = 0; i < 30; i++) {
      const events = Array.from({ length: 100 }, () => newEvent({ data }));
      await client.append(appendTo(`${i}`, any, events));
    }
    await expect.poll(async () => (await lag()).events, { timeout: 10_000 }).toBeGreaterThan(1_000);
    expect((await lag()).events).toBeLessThanOrEqual(3_000);
    await expect.poll(async () => (await lag()).s, { timeout: 10_000 }).toBeGreaterThan(0.2);
    stand.destroy();
    await expect.poll(lag, { timeout: 10_000 }).toEqual({ events: 0, s: 0 });
  });

  test("tell nothing of who calls, and are as many for fifty tenants as for one", async () => {
    await using server = await startTestServer(withMetrics);
    const use = async (tenant: string, id: string): Promise<void> => {
      const client = clientOf(server.grpcAddress, tenant);
      const event = newEvent({ eventType: `Type-${id}`, metadata: { key: id } });
      await client.append(appendTo(id, any, [event]));
      await client.append(appendTo(id, noStream)).catch(() => undefined);
      await readAll(client);
      await clientOf(server.grpcAddress, `bad-${id}`)
        .getHead({})
        .catch(() => undefined);
    };
    const secrets = [newTenant(), `stream-${randomUUID()}`] as const;
    await use(...secrets);
    const one = (await scrape(server.metricsAddress)).text;
    for (const secret of secrets) expect(one).not.toContain(secret);
    for (let i = 0; i < 50; i++) await use(newTenant(), randomUUID());
    const many = (await scrape(server.metricsAddress)).text;
    const seriesOf = (text: string) =>
      text.split("\n").flatMap((line) => /^annals_[^ ]+/.exec(line) ?? []);
    expect(seriesOf(many)).toEqual(seriesOf(one));
  });

  test("say when the store does not answer, and that a batch failed", async () => {
    const metrics = new Metrics({ version: "1", store: "memory" });
    expect(await metrics.text()).toContain("annals_store_up 1\n");
    metrics.storeAnswers(false);
    metrics.batchFailed();
    const text = await metrics.text();
    expect(text).toContain("annals_store_up 0\n");
    expect(text).toContain("annals_failed_commits_total 1\n");
  });

  test("are all in the reference, and the reference has no others", async () => {
    await using server = await startTestServer(withMetrics);
    const { text } = await scrape(server.metricsAddress);
    const served = [...text.matchAll(/^# TYPE (annals_\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const reference = readFileSync("docs/reference/metrics.md", "utf8");
    const documented = [...reference.matchAll(/^\| `(annals_\w+)` +\| (\w+)/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const names = new Set(documented.map((line) => line.split(" ")[0]));
    const guide = readFileSync("docs/how-to/operate.md", "utf8");
    const asked = [...guide.matchAll(/expr: .*\b(annals_[a-z_]+?)(_bucket)?[ [{]/g)];
    for (const [, name] of asked) expect(names).toContain(name);
    expect(asked.length).toBeGreaterThan(5);
    expect(documented.sort()).toEqual(served.sort());
    expect(served.length).toBeGreaterThan(15);
  });
});

describe("a follower's lag", () => {
  const tail = new LogTail((event) => event.position, { maxEvents: 10, maxBytes: 1_000 });
  const behind = { tail, tenantId: undefined, events: 0, bytes: 0, recordedAt: undefined };

  test("is what its log had when it began and what came since, less what it was handed", () => {
    expect(lagOf({ ...behind, head: 10n, place: 3n, waiting: false })).toBe(7);
    expect(lagOf({ ...behind, head: 10n, place: 12n, waiting: false })).toBe(0);
    Object.defineProperty(tail, "newest", { value: 20n });
    expect(lagOf({ ...behind, head: 10n, place: 12n, waiting: false })).toBe(8);
  });

  test("is counted from where it begins, before it is handed anything", async () => {
    const store = createMemoryStore();
    const tenantId = newTenantId();
    await store.append(
      [{ tenantId, stream: newStream(), expected: anyVersion, events: newEvents(3) }],
      0n,
    );
    const pages = { maxEvents: 10, maxBytes: 1_000 };
    const onStoreError = () => undefined;
    const followers = new Followers(new Tail(store, { maxBytes: 1_000, pages, onStoreError }), 10);
    const context = { store, followers, pages } as unknown as ServiceContext;
    const { signal } = new AbortController();
    for (const from of [0n, 2n, 3n]) {
      const steps = followLog(
        context,
        tenantId,
        { from, filter: noFilter, limit: undefined },
        signal,
      );
      expect((await steps.next()).value?.kind).toBe("head");
      expect([...followers.all].map(lagOf)).toEqual([Number(3n - from)]);
      await steps.return();
    }
    await store.close();
  });

  test("is none while it waits, though what came was not for it", () => {
    expect(lagOf({ ...behind, head: 10n, place: 3n, waiting: true })).toBe(0);
  });
});

describe("the port of metrics", () => {
  const get = async (server: AnnalsServer, path: string, method = "GET") =>
    (await fetch(`http://${server.metricsAddress}${path}`, { method })).status;

  test("answers GET and HEAD of /metrics and nothing else", async () => {
    await using server = await startTestServer(withMetrics);
    expect(await get(server, "/metrics")).toBe(200);
    expect(await get(server, "/metrics?name=x")).toBe(200);
    expect(await get(server, "/metrics", "HEAD")).toBe(200);
    expect(await get(server, "/metrics", "POST")).toBe(405);
    expect(await get(server, "/")).toBe(404);
    expect(await get(server, "/annals.v1.EventStore/Append", "POST")).toBe(404);
  });

  test("is closed with the server, though somebody stays connected", async () => {
    const server = await startTestServer(withMetrics);
    const port = Number(server.metricsAddress?.split(":")[1]);
    const silent = connect(port, "127.0.0.1");
    const ended = new Promise((resolve) =>
      silent.on("close", resolve).on("error", () => undefined),
    );
    await get(server, "/metrics");
    expect(await server.stop()).toBe(true);
    await ended;
    await expect(get(server, "/metrics")).rejects.toThrow();
  });

  test("takes 32 connections at once, and no more", async () => {
    await using server = await startTestServer(withMetrics);
    const port = Number(server.metricsAddress?.split(":")[1]);
    const sockets = Array.from({ length: 40 }, () => connect(port, "127.0.0.1").resume());
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    let closed = 0;
    for (const socket of sockets) socket.on("error", () => undefined).on("close", () => closed++);
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    await expect.poll(() => closed).toBe(8);
  });

  test("that is taken keeps the server from starting, and leaves nothing open", async () => {
    await using other = await startTestServer(withMetrics);
    const store = `sqlite:${tempFolder()}/annals.db`;
    const metricsAddress = other.metricsAddress ?? "";
    await expect(startTestServer({ store, metricsAddress })).rejects.toThrow("cannot listen on");
    await using again = await startTestServer({ store });
    expect(again.grpcAddress).toBeTruthy();
  });
});
