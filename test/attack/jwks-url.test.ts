import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createClient } from "@connectrpc/connect";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { authenticateJwt } from "#server/interceptors/authenticate-jwt.js";
import { openJwks } from "#server/interceptors/jwt-keys.js";
import { failureOf, grpcTransport } from "../support/client.js";
import { newTenant, startTestServer } from "../support/server.js";

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
let [first, second] = [] as unknown as [KeyPair, KeyPair];
beforeAll(async () => {
  [first, second] = [await generateKeyPair("ES256"), await generateKeyPair("ES256")];
});

async function setOf(...pairs: readonly [kid: string, pair: KeyPair][]): Promise<string> {
  const keys = pairs.map(async ([kid, { publicKey }]) => ({
    ...(await exportJWK(publicKey)),
    kid,
  }));
  return JSON.stringify({ keys: await Promise.all(keys) });
}

function mint(kid: string, { privateKey }: KeyPair): Promise<string> {
  return new SignJWT({ tenant_id: newTenant(), scope: "events:read" })
    .setProtectedHeader({ alg: "ES256", kid })
    .setExpirationTime("5m")
    .sign(privateKey);
}

/** An issuer that serves whatever `answer` holds, and counts how often it is asked. */
async function startIssuer(body: string) {
  const answer = { body, status: 200, asked: 0, hang: false };
  const http: Server = createServer((_, response) => {
    answer.asked++;
    if (answer.hang) return;
    response.writeHead(answer.status).end(answer.body);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { answer, url: `http://127.0.0.1:${port}/keys` };
}

async function startServer(url: string) {
  const server = await startTestServer({
    ...{ auth: "jwt", authJwtJwks: url, authJwtAlgorithms: "ES256" },
  });
  onTestFinished(async () => {
    await server.stop();
  });
  return (token: string) =>
    createClient(
      EventStore,
      grpcTransport(server.grpcAddress, { authorization: `Bearer ${token}` }),
    ).getHead({});
}

test("keys from a URL verify tokens by their kid, and are fetched once for many calls", async () => {
  const { answer, url } = await startIssuer(await setOf(["one", first]));
  const call = await startServer(url);
  const token = await mint("one", first);
  await Promise.all(Array.from({ length: 20 }, () => call(token)));
  expect(answer.asked).toBe(1);
  for (const bad of [await mint("one", second), await mint("two", second)]) {
    expect((await failureOf(call(bad))).code).toBe("Unauthenticated");
  }
  answer.status = 500; // what is kept goes on to hold
  await call(token);
});

test("a set that cannot be had, is too large or is no set stops the start, naming the setting's fault", async () => {
  const { answer, url } = await startIssuer("");
  const faults = ["nonsense", JSON.stringify({ keys: "none" }), `"${"x".repeat(3_000_000)}"`];
  for (const body of faults) {
    answer.body = body;
    await expect(startTestServer({ auth: "jwt", authJwtJwks: url })).rejects.toThrow();
  }
  answer.status = 404;
  await expect(startTestServer({ auth: "jwt", authJwtJwks: url })).rejects.toThrow();
});

test("rotation: an unknown kid brings the new set, a set that cannot be read keeps the old one for a while", async () => {
  let [text, fails, read] = [await setOf(["one", first]), false, 0];
  const keys = await openJwks({
    load: () => {
      read++;
      return fails ? Promise.reject(new Error("down")) : Promise.resolve(text);
    },
    maxAgeMs: 0,
    maxStaleMs: 60_000,
    onError: () => undefined,
  });
  const header = (kid: string) => ({ alg: "ES256", kid });
  const token = { payload: "", signature: "" };
  const generation = keys.generation();
  await keys.getKey(header("one"), token);
  await expect(keys.getKey(header("two"), token)).rejects.toThrow();
  text = await setOf(["two", second]);
  await keys.getKey(header("two"), token);
  expect(keys.generation()).toBeGreaterThan(generation!);
  await expect(keys.getKey(header("one"), token)).rejects.toThrow();
  fails = true;
  await keys.getKey(header("two"), token);
  expect(read).toBeGreaterThan(2);
});

test("a clock that is set back does not keep the set from being read again", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  let read = 0;
  const text = await setOf(["one", first]);
  const keys = await openJwks({
    load: () => {
      read++;
      return Promise.resolve(text);
    },
    ...{ maxAgeMs: 1_000, maxStaleMs: 3_600_000, onError: () => undefined },
  });
  vi.advanceTimersByTime(2_000);
  vi.setSystemTime(0);
  keys.generation();
  expect(read).toBe(2);
});

test("keys that could not be read for too long verify nothing", async () => {
  let fails = false;
  const text = await setOf(["one", first]);
  const keys = await openJwks({
    load: () => (fails ? Promise.reject(new Error("down")) : Promise.resolve(text)),
    ...{ maxAgeMs: 0, maxStaleMs: -1, onError: () => undefined },
  });
  fails = true;
  const getKey = () => keys.getKey({ alg: "ES256", kid: "one" }, { payload: "", signature: "" });
  await expect(getKey()).rejects.toThrow("cannot be read");
  expect(keys.generation()).toBeUndefined();
});

test("a token that was verified when old keys were read anew is not known when those are too old", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  let text = await setOf(["one", first], ["two", second]);
  const keys = await openJwks({
    load: () => Promise.resolve(text),
    ...{ maxAgeMs: 10_000, maxStaleMs: 30_000, onError: () => undefined },
  });
  const verify = authenticateJwt({
    ...{ keys, algorithms: ["ES256"], issuer: undefined, audience: undefined },
    clockSkewSeconds: 0,
  });
  const token = await mint("one", first);
  const quietMs = 40_000;
  vi.advanceTimersByTime(quietMs);
  await verify(token);
  text = await setOf(["two", second]);
  vi.advanceTimersByTime(quietMs);
  await expect(verify(token)).rejects.toThrow("does not verify");
});

test("tokens of unknown kids do not make the server hammer its issuer", async () => {
  const load = vi.fn(() => Promise.resolve(JSON.stringify({ keys: [] })));
  const keys = await openJwks({
    ...{ load, maxAgeMs: 60_000, maxStaleMs: 60_000, onError: () => undefined },
  });
  for (let i = 0; i < 20; i++) {
    const header = { alg: "ES256", kid: `unknown-${i}` };
    const getKey = async () => keys.getKey(header, { payload: "", signature: "" });
    await expect(getKey()).rejects.toThrow();
  }
  expect(load).toHaveBeenCalledTimes(1);
});
