import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { startTestPostgres, type TestPostgres } from "./support/postgres.js";
import { newTenant, startTestServer } from "./support/server.js";

const folder = mkdtempSync(join(tmpdir(), "annals-shop-"));
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicKeyFile = join(folder, "public.pem");
const operatorTokenFile = join(folder, "operator.jwt");

const tokenOf = (claims: Record<string, unknown>, expires = "5 minutes", key = keys.privateKey) =>
  new SignJWT({ scope: "events:append events:read", ...claims })
    .setProtectedHeader({ alg: "ES256" })
    .setSubject("someone")
    .setAudience("annals")
    .setExpirationTime(expires)
    .sign(key);

let annals: AnnalsServer;
let postgres: TestPostgres;
beforeAll(async () => {
  writeFileSync(publicKeyFile, keys.publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(operatorTokenFile, await tokenOf({ scope: "events:read:all-tenants" }));
  const auth = { auth: "jwt", authJwtKeyFile: publicKeyFile, authJwtAudience: "annals" };
  [annals, postgres] = await Promise.all([startTestServer(auth), startTestPostgres()]);
});
afterAll(async () => {
  await annals.stop();
  await postgres[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Starts the shop as a process of its own. */
async function openShop(databaseUrl: string) {
  const child = spawn(process.execPath, ["examples/dist/web-shop/main.js"], {
    env: {
      ...{ PATH: process.env["PATH"], PORT: "0", DATABASE_URL: databaseUrl },
      ANNALS_ADDRESS: annals.grpcAddress,
      PUBLIC_KEY_FILE: publicKeyFile,
      OPERATOR_TOKEN_FILE: operatorTokenFile,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  const close = async (): Promise<number | null> => {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    return child.exitCode;
  };
  onTestFinished(async () => {
    await close();
  });
  await expect.poll(() => /^http:\/\/\S+$/m.test(said), { timeout: 15_000 }).toBe(true);
  const url = /^http:\/\/\S+$/m.exec(said)![0];
  const ask = async (
    token: string | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  return { ask, close };
}

const order = (total: number) => ({
  customer_id: randomUUID(),
  customer_name: "Ann",
  total_amount: total,
});

test("orders of two tenants are placed, shipped, listed and counted, and never mixed", async () => {
  const database = await postgres.newDatabase();
  const { ask, close } = await openShop(database);
  const [acme, globex] = [newTenant(), newTenant()];
  const [ours, theirs] = [await tokenOf({ tenant_id: acme }), await tokenOf({ tenant_id: globex })];

  const placed = await ask(ours, "POST", "/orders", order(100));
  expect(placed).toMatchObject({ status: 201, body: { tenant_id: acme } });
  const { order_id: id } = placed.body as { order_id: string };
  await ask(ours, "POST", "/orders", order(50));
  await ask(theirs, "POST", "/orders", order(7));

  const shipment = { tracking_number: "T-1" };
  expect(await ask(theirs, "GET", `/orders/${id}`)).toMatchObject({ status: 404 });
  const foreign = await ask(theirs, "POST", `/orders/${id}/shipment`, shipment);
  expect(foreign).toEqual(await ask(theirs, "POST", `/orders/${randomUUID()}/shipment`, shipment));
  expect(await ask(ours, "POST", `/orders/${id}/shipment`, shipment)).toMatchObject({
    status: 204,
  });
  expect(await ask(ours, "GET", `/orders/${id}`)).toMatchObject({
    status: 200,
    body: { status: "shipped", total_amount: 100, tracking_number: "T-1", version: 2 },
  });

  const statistics = async (token: string) => (await ask(token, "GET", "/statistics")).body;
  const expected = { orders: 2, revenue: 150, shipped: 1 };
  await expect.poll(() => statistics(ours), { timeout: 15_000 }).toEqual(expected);
  await expect.poll(() => statistics(theirs)).toEqual({ orders: 1, revenue: 7, shipped: 0 });
  expect((await ask(theirs, "GET", "/orders")).body).toMatchObject([{ total_amount: 7 }]);
  expect((await ask(ours, "GET", "/orders?limit=1")).body).toHaveLength(1);

  // What happens while the shop is closed is in the read model once it is open again, once.
  expect(await close()).toBe(0);
  const again = await openShop(database);
  await again.ask(ours, "POST", "/orders", order(1));
  await expect
    .poll(async () => (await again.ask(ours, "GET", "/statistics")).body, { timeout: 15_000 })
    .toEqual({ orders: 3, revenue: 151, shipped: 1 });
  const health = await again.ask(undefined, "GET", "/health");
  expect(health).toMatchObject({ status: 200, body: { state: "live" } });
});

test("who is not known, and what makes no sense, is refused", async () => {
  const { ask } = await openShop(await postgres.newDatabase());
  const tenant_id = newTenant();
  const token = await tokenOf({ tenant_id });
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  for (const [bad, status] of [
    [undefined, 401],
    ["nonsense", 401],
    [await tokenOf({ tenant_id }, "1 minute ago"), 401],
    [await tokenOf({ tenant_id }, "5 minutes", stranger), 401],
    [await tokenOf({}), 403],
    [await tokenOf({ tenant_id, scope: "events:read" }), 403],
  ] as const) {
    expect(await ask(bad, "POST", "/orders", order(1))).toMatchObject({ status });
  }
  for (const body of [
    {},
    order(-1),
    { ...order(1), customer_id: "1" },
    { ...order(1), customer_name: "x".repeat(201) },
    { ...order(1), customer_name: "Ann\0" }, // PostgreSQL would not take it into the read model
  ]) {
    expect(await ask(token, "POST", "/orders", body)).toMatchObject({
      status: 400,
      body: { code: "bad_request" },
    });
  }
  const placed = await ask(token, "POST", "/orders", { ...order(1), tenant_id: newTenant() });
  expect(placed.body).toMatchObject({ tenant_id }); // what a body says of a tenant is not read
  const path = `/orders/${(placed.body as { order_id: string }).order_id}/shipment`;
  expect(await ask(token, "POST", path, { tracking_number: "\0" })).toMatchObject({ status: 400 });
  const ship = () => ask(token, "POST", path, { tracking_number: "T" });
  const [one, two] = await Promise.all([ship(), ship()]);
  expect([one.status, two.status].toSorted()[0]).toBe(204);
  expect([409, 422]).toContain([one.status, two.status].toSorted()[1]);
  expect(await ship()).toMatchObject({ status: 422, body: { code: "order_refused" } });
  expect(await ask(token, "GET", "/orders/%00")).toMatchObject({ status: 400 });
});
