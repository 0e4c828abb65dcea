import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { connect } from "@annals/client";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";
import { type FreezingProxy, startFreezingProxy } from "./support/freezing-proxy.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
afterEach(() => {
  vi.restoreAllMocks();
});

const append = {
  stream: { aggregateType: "Order", aggregateId: "1" },
  expected: "any",
  events: [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })],
} as const;

async function listen(listening: Server): Promise<string> {
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

/** A minute goes by, and from then on nothing comes over the connections. */
function fallSilent(proxy: FreezingProxy): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + 60_000);
  proxy.freeze();
}

describe("a connection that is lost", () => {
  test("costs the process nothing when calls or a close follow at once", async () => {
    const web = createHttpServer((_request, response) => response.end());
    const script = `
      import { connect } from "@annals/client";
      const options = { address: "${await listen(web)}", tenant: "${newTenant()}" };
      const annals = connect(options);
      for (let i = 0; i < 3; i++) await annals.getHead().catch(({ code }) => console.log(code));
      await Promise.allSettled(Array.from({ length: 20 }, () => annals.getHead()));
      await annals.close();
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output).toBe("unavailable\n".repeat(3));
    web.close();
  });

  test("and ended while it is verified after a long silence makes room for another", async () => {
    await using proxy = await startFreezingProxy(server.grpcAddress);
    await using annals = connect({ address: proxy.address, tenant: newTenant() });
    await annals.getHead();
    fallSilent(proxy);
    const call = annals.getHead();
    setImmediate(() => {
      proxy.end();
    });
    expect(await call).toMatchObject({ position: 0n });
    expect(proxy.opened).toBe(2);
  });

  test.each(["unary", "pipelined"] as const)(
    "sends nothing after a close, with %s appends",
    async (appends) => {
      const tenant = newTenant();
      await using proxy = await startFreezingProxy(server.grpcAddress);
      const annals = connect({ address: proxy.address, tenant, appends });
      await annals.getHead();
      fallSilent(proxy);
      const states: string[] = [];
      const subscription = annals.subscribe({ onState: ({ kind }) => states.push(kind) });
      const ends = [annals.append(append), subscription.toArray()].map((call) =>
        failureOf(() => call, "closed"),
      );
      await new Promise((resolve) => setImmediate(resolve));
      await annals.close();
      for (const error of await Promise.all(ends)) expect(error.outcomeUnknown).toBe(false);
      expect(states).not.toContain("live");
      expect(proxy.opened).toBe(1);
    },
  );
});

describe("a connection that cannot be opened", () => {
  test.each([
    ["cut in the TLS handshake", () => createServer((socket) => socket.end())],
    ["answered in plain text", () => createHttpServer()],
  ])("because it is %s is unavailable, and nothing was sent", async (_, create) => {
    const other = create();
    const address = `https://${await listen(other)}`;
    await using annals = connect({ address, tenant: newTenant(), appends: "unary" });
    const error = await failureOf(() => annals.append(append), "unavailable");
    expect(error.outcomeUnknown).toBe(false);
    expect(error.message).toMatch(`no connection to ${address}: `);
    other.close();
  });

  test("at any of its addresses is unavailable, and says why", async () => {
    await using annals = connect({ address: "http://localhost:1", tenant: newTenant() });
    const error = await failureOf(() => annals.getHead(), "unavailable");
    expect(error.message).toMatch(/^no connection to http:\/\/localhost:1: connect ECONNREFUSED/);
  });
});
