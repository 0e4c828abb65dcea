import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { currentTenant, requireTenant } from "@annals/client";
import { tenantMiddleware } from "@annals/client/express";
import { tenantHook } from "@annals/client/fastify";
import { tenantMiddleware as honoTenantMiddleware } from "@annals/client/hono";
import fastify from "fastify";
import { Hono } from "hono";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

const key = new TextEncoder().encode("a key for this test alone, 32 bytes or more");
const sign = (claims: JWTPayload, with_ = key) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(with_);

const options = {
  verify: async (token: string) => (await jwtVerify(token, key, { algorithms: ["HS256"] })).payload,
  tenantOf: ({ tenant }: JWTPayload) => tenant as string | undefined,
};

let handled = 0;

/** What every application does: it says whose request it is, a while later. */
async function handle(): Promise<string> {
  handled++;
  await turn();
  return requireTenant();
}

/** Sends a request, with a body and a header that is not to be believed. */
type Send = (init: RequestInit) => Promise<Response>;

const applications: Record<string, () => Promise<{ send: Send; close: () => Promise<void> }>> = {
  "a middleware of (request, response, next)": async () => {
    const middleware = tenantMiddleware(options);
    const server = createServer((request, response) => {
      middleware(request, response, () => void handle().then((text) => response.end(text)));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return {
      send: (init) => fetch(url, init),
      close: () => {
        server.closeAllConnections();
        return new Promise((resolve) =>
          server.close(() => {
            resolve();
          }),
        );
      },
    };
  },
  Fastify: async () => {
    const app = fastify();
    app.addHook("preHandler", tenantHook(options));
    app.post("/", handle);
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    return { send: (init) => fetch(url, init), close: () => app.close() };
  },
  Hono: () => {
    const app = new Hono();
    app.use(honoTenantMiddleware(options));
    app.post("/", async (context) => {
      await context.req.json();
      return context.text(await handle());
    });
    const send: Send = async (init) => app.request("/", init);
    return Promise.resolve({ send, close: () => Promise.resolve() });
  },
};

describe.each(Object.entries(applications))("%s", (_, open) => {
  let application: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    application = await open();
  });
  afterAll(() => application.close());

  const send = (token?: string) =>
    application.send({
      method: "POST",
      body: "{}",
      headers: {
        "content-type": "application/json",
        "x-tenant-id": "globex",
        ...(token && { authorization: `Bearer ${token}` }),
      },
    });

  test("requests at the same time each run for the tenant of their own token", async () => {
    const tenants = Array.from({ length: 20 }, (_, n) => `tenant-${n}`);
    const answers = tenants.map(async (tenant) => (await send(await sign({ tenant }))).text());
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
      [await sign({ tenant: ["acme", "globex"] }), 403, "permission_denied"],
    ] as const) {
      const answer = await send(token);
      expect(answer.status).toBe(status);
      expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
      expect(await answer.json()).toMatchObject({ code });
    }
    expect(handled).toBe(before);
  });
});

describe("a middleware that comes too late, or before what throws", () => {
  /** Where nobody listens to a failure, it ends the process. */
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => void unhandled.push(error);
  const openServer = async (listener: RequestListener): Promise<string> => {
    process.on("unhandledRejection", onUnhandled);
    const server = createServer(listener).listen(0, "127.0.0.1");
    onTestFinished(() => {
      process.off("unhandledRejection", onUnhandled);
      server.close().closeAllConnections();
    });
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };

  test("leaves the answer alone that another has begun meanwhile", async () => {
    let onAnswered = (): void => undefined;
    const answered = new Promise<void>((resolve) => (onAnswered = resolve));
    const verify = async (): Promise<never> => {
      await answered;
      throw new Error("the key set does not answer");
    };
    let passed = 0;
    const middleware = tenantMiddleware({ verify, tenantOf: () => "acme" });
    const url = await openServer((request, response) => {
      middleware(request, response, () => {
        passed++;
      });
      response.writeHead(503).end("late");
    });
    const answer = await fetch(url, { headers: { authorization: "Bearer token" } });
    expect([answer.status, await answer.text()]).toEqual([503, "late"]);
    onAnswered();
    await turn();
    expect([unhandled, passed]).toEqual([[], 0]);
  });

  test.each(["is told of it", "throws again"])("what throws %s", async (how) => {
    const told: unknown[] = [];
    const middleware = tenantMiddleware({ verify: () => ({}), tenantOf: () => "acme" });
    const url = await openServer((request, response) => {
      middleware(request, response, (error) => {
        told.push(error);
        if (error === undefined || how === "throws again") throw new Error("a defect");
        response.writeHead(500).end();
      });
    });
    const answer = fetch(url, { headers: { authorization: "Bearer token" } }).then(
      ({ status }) => status,
      () => "cut",
    );
    expect(await answer).toBe(how === "throws again" ? "cut" : 500);
    expect(told).toEqual([undefined, new Error("a defect")]);
    expect(unhandled).toEqual([]);
  });
});
