import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { requireTenant } from "@annals/client";
import { tenantInterceptor } from "@annals/client/connect";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { Code, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";

const seen: string[] = [];
const server = createServer(
  connectNodeAdapter({
    interceptors: [
      tenantInterceptor({
        verify: (token) => {
          if (!token.startsWith("good-")) throw new Error("forged");
          return token.slice("good-".length);
        },
        tenantOf: (tenant) => tenant,
      }),
    ],
    routes: (router) =>
      router.service(EventStore, {
        getHead: async () => {
          await turn();
          seen.push(requireTenant());
          return {};
        },
        async *readAll() {
          for (let n = 0; n < 3; n++) {
            await turn();
            seen.push(requireTenant());
            yield {};
          }
        },
      }),
  }),
);
let client: ReturnType<typeof createClient<typeof EventStore>>;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createClient(EventStore, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test("a call and each of its streamed answers run for the tenant of the token", async () => {
  seen.length = 0;
  await client.getHead({}, as("good-acme"));
  const answers = [];
  for await (const answer of client.readAll({}, as("good-globex"))) answers.push(answer);
  expect(answers).toHaveLength(3);
  expect(seen).toEqual(["acme", "globex", "globex", "globex"]);
});

test("a call without a tenant from a verified token is refused and not handled", async () => {
  seen.length = 0;
  await expect(client.getHead({})).rejects.toMatchObject({ code: Code.Unauthenticated });
  await expect(client.getHead({}, as("bad"))).rejects.toMatchObject({ code: Code.Unauthenticated });
  await expect(client.getHead({}, as("good-"))).rejects.toMatchObject({
    code: Code.PermissionDenied,
  });
  expect(seen).toEqual([]);
});
