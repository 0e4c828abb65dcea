import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  allTenants,
  type Annals,
  AnnalsError,
  connect,
  type EventPage,
  isAnnalsError,
  type SubscribeOptions,
  type SubscriptionState,
} from "@annals/client";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { startServerProcess } from "../support/server-process.js";
import { tempFolder } from "../support/temp-folder.js";
import { failureOf } from "./support/failure.js";
import { startFakeServer } from "./support/fake-server.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer({ checkpointPositions: "5", maxFollowersPerTenant: "1" });
});
afterAll(() => server.stop());

const placed = () => OrderPlaced.create({ customerName: "Ann", totalAmount: 1 });
const open = (tenant = newTenant()): Annals => {
  const annals = connect({ address: server.grpcAddress, tenant, events: [OrderPlaced] });
  onTestFinished(() => annals.close());
  return annals;
};
const append = (annals: Annals, aggregateId = "1") =>
  annals.append({
    stream: { aggregateType: "Order", aggregateId },
    expected: "any",
    events: [placed()],
  });

/** A server that ends each call once it has caught up. */
const startLeavingServer = (admit: () => void = () => undefined) =>
  startFakeServer({
    async *readAll() {
      admit();
      yield await Promise.resolve({ answer: { case: "caughtUp", value: {} } } as const);
    },
  });

describe("follow", () => {
  test("pages tell when the reader has caught up, and where to resume", async () => {
    const annals = open();
    await append(annals);
    const pages: EventPage[] = [];
    for await (const page of annals.readAll({ follow: true }).pages()) {
      pages.push(page);
      if (page.mark === "caught_up") await append(annals);
      if (pages.length === 3) break;
    }
    expect(pages.map((page) => page.mark)).toEqual([undefined, "caught_up", undefined]);
    expect(pages.map((page) => page.resumeFrom)).toEqual([1n, 1n, 2n]);
    expect(pages.map((page) => page.events.length)).toEqual([1, 0, 1]);
  });

  test("leaving the loop ends the call on the server, which then has room for the next", async () => {
    const annals = open();
    await append(annals);
    for (let i = 0; i < 5; i++) {
      for await (const { position } of annals.subscribe()) {
        expect(position).toBe(1n);
        break;
      }
    }
  });

  test("a stream is followed from before its first event", async () => {
    const annals = open();
    const aggregateId = newTenant();
    const versions: bigint[] = [];
    const stream = { aggregateType: "Order", aggregateId };
    for await (const page of annals.read(stream, { follow: true }).pages()) {
      if (page.mark === "caught_up") {
        expect(page.resumeFrom).toBe(0n);
        for (const id of [aggregateId, "another", aggregateId]) await append(annals, id);
      }
      versions.push(...page.events.map((event) => event.aggregateVersion));
      if (versions.length === 2) break;
    }
    expect(versions).toEqual([1n, 2n]);
  });

  test("the whole log is followed, narrowed to some tenants", async () => {
    const [a, b] = [newTenant(), newTenant()];
    const operator = open(allTenants);
    const { cursor } = await operator.getHead({ scope: "all-tenants" });
    const options = { scope: "all-tenants", after: cursor, filter: { tenantIds: [b] } } as const;
    for await (const { events, mark } of operator.subscribe(options).pages()) {
      if (mark === "caught_up") for (const tenant of [a, b]) await append(open(tenant));
      if (events.length === 0) continue;
      expect(events.map((event) => event.tenantId)).toEqual([b]);
      break;
    }
  });
});

describe("subscribe", () => {
  test("over kills and restarts of the server, each event comes once, in order", async () => {
    const store = `--store=sqlite:${join(tempFolder(), "annals.db")}`;
    let process = await startServerProcess([store]);
    onTestFinished(async () => {
      await process.end("SIGKILL");
    });
    const { address } = process;
    const annals = connect({ address, tenant: newTenant(), events: [OrderPlaced] });
    onTestFinished(() => annals.close());

    const states: SubscriptionState["kind"][] = [];
    const positions: bigint[] = [];
    const reading = (async () => {
      const options = { onState: ({ kind }: SubscriptionState) => void states.push(kind) };
      for await (const { position } of annals.subscribe({ ...options, maxDelayMs: 200 })) {
        positions.push(position);
      }
    })();
    const closed = reading.catch((error: unknown) => error);
    let written = 0;
    for (const signal of ["SIGKILL", "SIGTERM", "SIGKILL"] as const) {
      for (let i = 0; i < 20; i++) await append(annals, `o-${written++}`);
      await process.end(signal);
      process = await startServerProcess([store, `--grpc-address=${address}`]);
      for (let i = 0; i < 20; i++) await append(annals, `o-${written++}`);
    }
    await expect.poll(() => positions.length, { timeout: 10_000 }).toBe(written);
    expect(positions).toEqual(positions.map((_, i) => BigInt(i + 1)));
    expect(states.filter((kind) => kind === "waiting").length).toBeGreaterThanOrEqual(3);
    expect(states[0]).toBe("connecting");
    await expect.poll(() => states.at(-1)).toBe("live");
    await annals.close();
    expect(isAnnalsError(await closed, "closed")).toBe(true);
  }, 60_000);

  test("a provider that fails while the server is away is asked again", async () => {
    await using fake = await startLeavingServer();
    const outage = new Error("the identity provider is down");
    const tenant = vi.fn(() => Promise.resolve("t"));
    tenant.mockResolvedValueOnce("t").mockRejectedValueOnce(outage).mockRejectedValueOnce(outage);
    await using annals = connect({ address: fake.address, tenant });
    const causes: unknown[] = [];
    const onState = (state: SubscriptionState) => {
      if (state.kind === "waiting") causes.push(state.error.cause);
    };
    let connected = 0;
    for await (const { mark } of annals.subscribe({ onState }).pages()) {
      if (mark === "caught_up" && ++connected === 2) break;
    }
    expect(causes.slice(1, 3)).toEqual([outage, outage]);
  });

  test("a provider that fails before it has ever connected ends it", async () => {
    await using fake = await startLeavingServer();
    const tenant = () => Promise.reject(new Error("no such identity"));
    await using annals = connect({ address: fake.address, tenant });
    await failureOf(() => annals.subscribe().toArray(), "unauthenticated");
  });

  test("a server that refuses the credential when it connects again ends it", async () => {
    let calls = 0;
    await using fake = await startLeavingServer(() => {
      if (++calls > 1) throw new ConnectError("revoked", Code.Unauthenticated);
    });
    await using annals = connect({ address: fake.address, tenant: () => "t" });
    await failureOf(() => annals.subscribe().toArray(), "unauthenticated");
    expect(calls).toBe(2);
  });

  test("what coming again does not mend is thrown, once", async () => {
    const states: SubscriptionState["kind"][] = [];
    const loop = open()
      .subscribe({ scope: "all-tenants", onState: ({ kind }) => void states.push(kind) })
      .toArray();
    const error: unknown = await loop.catch((reason: unknown) => reason);
    expect(isAnnalsError(error, "permission_denied")).toBe(true);
    expect(states).toEqual(["connecting"]);
  });

  test("a full house is waited for", async () => {
    const tenant = newTenant();
    const [first, second] = [open(tenant), open(tenant)];
    await append(first);
    const states: SubscriptionState[] = [];
    const holder = first.subscribe()[Symbol.asyncIterator]();
    await holder.next();
    const waiter = second
      .subscribe({ onState: (state) => void states.push(state) })
      [Symbol.asyncIterator]();
    const event = waiter.next();
    await expect.poll(() => states.some(({ kind }) => kind === "waiting")).toBe(true);
    await holder.return?.();
    expect((await event).value?.position).toBe(1n);
    await waiter.return?.();
  });

  /** The first waits of a subscription before it connects again, in milliseconds. */
  async function waitsOf(annals: Annals, count: number, options: SubscribeOptions = {}) {
    const waits: number[] = [];
    const enough = new Error("enough");
    const onState = (state: SubscriptionState) => {
      if (state.kind === "waiting" && waits.push(state.delayMs) === count) throw enough;
    };
    await expect(annals.subscribe({ ...options, onState }).toArray()).rejects.toBe(enough);
    return waits;
  }

  test("each wait is twice as long, up to the longest", async () => {
    await using annals = connect({ address: "127.0.0.1:1", tenant: newTenant() });
    const waits = await waitsOf(annals, 6, { maxDelayMs: 300 });
    for (const [i, most] of [100, 200, 300, 300, 300, 300].entries()) {
      expect(waits[i]).toBeLessThanOrEqual(most);
      expect(waits[i]).toBeGreaterThanOrEqual(most / 2);
    }
  });

  test("after a connection the first wait is a short one again", async () => {
    let calls = 0;
    await using fake = await startLeavingServer(() => {
      if (calls++ < 3) throw new ConnectError("away", Code.Unavailable);
    });
    await using annals = connect({ address: fake.address, tenant: "t" });
    const waits = await waitsOf(annals, 4);
    expect(waits[2]).toBeGreaterThan(100);
    expect(waits[3]).toBeLessThanOrEqual(100);
  });

  test("a server that says when to come again is not asked before", async () => {
    const annals = open();
    const holder = annals.readAll({ follow: true }).pages();
    await holder.next();
    expect((await waitsOf(annals, 1))[0]).toBeGreaterThanOrEqual(200);
    await holder.return();
  });

  test("what onState throws ends the loop, whatever it is", async () => {
    await using annals = open(newTenant());
    const thrown = new AnnalsError("unavailable", "mine", {});
    const onState = ({ kind }: SubscriptionState) => {
      if (kind === "live") throw thrown;
    };
    await expect(annals.subscribe({ onState }).toArray()).rejects.toBe(thrown);
  });

  test("an aborted signal ends the loop, also while it waits to connect again", async () => {
    const annals = connect({ address: "127.0.0.1:1", tenant: newTenant() });
    onTestFinished(() => annals.close());
    const aborting = new AbortController();
    const loop = annals
      .subscribe({
        signal: aborting.signal,
        onState: ({ kind }) => {
          if (kind === "waiting") {
            setImmediate(() => {
              aborting.abort();
            });
          }
        },
      })
      .toArray();
    const error: unknown = await loop.catch((reason: unknown) => reason);
    expect(isAnnalsError(error, "cancelled")).toBe(true);
  });

  test("a closed client's subscription keeps no process alive", async () => {
    const program = `
      import { connect } from "@annals/client";
      const annals = connect({ address: process.argv[1], tenant: "${newTenant()}" });
      for await (const { mark } of annals.subscribe().pages()) {
        if (mark === "caught_up") setImmediate(() => annals.close());
      }`;
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", program, server.grpcAddress],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let errors = "";
    child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
    await once(child, "exit");
    expect(errors).toContain("the client");
  });
});
