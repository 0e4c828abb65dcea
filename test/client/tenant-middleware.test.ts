import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { currentTenant, requireTenant } from "@annals/client";
import { tenantMiddleware } from "@annals/client/express";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";

const key = new TextEncoder().encode("a key for this test alone, 32 bytes or more");
const sign = (claims: JWTPayload, with_ = key) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(with_);

let handled = 0;
const middleware = tenantMiddleware({
  verify: async (token) => (await jwtVerify(token, key, { algorithms: ["HS256"] })).payload,
  tenantOf: ({ tenant }) => (typeof tenant === "string" ? tenant : undefined),
});
const server = createServer((request, response) => {
  middleware(request, response, () => {
    handled++;
    void turn().then(() => response.end(requireTenant()));
  });
});
let url: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const get = (token?: string) =>
  fetch(url, {
    headers: { "x-tenant-id": "globex", ...(token && { authorization: `Bearer ${token}` }) },
  });

test("requests at the same time each run for the tenant of their own token", async () => {
  const tenants = Array.from({ length: 20 }, (_, n) => `tenant-${n}`);
  const answers = tenants.map(async (tenant) => (await get(await sign({ tenant }))).text());
  expect(await Promise.all(answers)).toEqual(tenants);
  expect(currentTenant()).toBeUndefined();
});

test("without a tenant from a verified token the answer says why and nothing runs", async () => {
  const before = handled;
  const forged = await sign({ tenant: "acme" }, new TextEncoder().encode("x".repeat(32)));
  for (const [token, status, code] of [
    [undefined, 401, "unauthenticated"],
    [forged, 401, "unauthenticated"],
    [await sign({}), 403, "permission_denied"],
    [await sign({ tenant: "" }), 403, "permission_denied"],
  ] as const) {
    const answer = await get(token);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code });
  }
  expect(handled).toBe(before);
});
