import { randomUUID } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { listenHttp } from "#server/transport/http/server.js";
import { newTenant, startTestServer } from "./support/server.js";

// What curl sends: plain HTTP/1.1 and JSON, by hand.

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer({ httpCorsOrigins: "https://app.example" });
});
afterAll(() => server.stop());

type Headers = Record<string, string>;

const post = (method: string, body: string | Uint8Array<ArrayBuffer>, headers: Headers = {}) =>
  fetch(`http://${server.httpAddress!}/annals.v1.EventStore/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": newTenant(), ...headers },
    body,
  });
const call = async (method: string, request: object, headers: Headers = {}) => {
  const response = await post(method, JSON.stringify(request), headers);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const stream = { aggregateType: "Order", aggregateId: "order-1" };
const eventOf = (eventId: string = randomUUID()) => ({ eventId, eventType: "OrderPlaced" });
const append = (expectedVersion: object = { any: {} }, events: object[] = [eventOf()]) => ({
  stream,
  expectedVersion,
  events,
});

describe("unary calls in JSON", () => {
  test("each of them answers what it answers in protobuf", async () => {
    const headers = { "x-tenant-id": newTenant() };
    const eventId = randomUUID();
    const data = Buffer.from('{"total":299.99}').toString("base64");
    const events = [{ ...eventOf(eventId), data, tags: ["vip"] }];
    expect(await call("Append", append({ noStream: {} }, events), headers)).toMatchObject({
      status: 200,
      body: { aggregateVersion: "1", firstPosition: "1", lastPosition: "1" },
    });
    const event = { eventId, eventType: "OrderPlaced", data, tags: ["vip"], position: "1" };
    const answers = {
      GetEvent: [{ eventId }, { event }],
      GetEventsByType: [{ aggregateType: "Order" }, { events: [event] }],
      GetStream: [{ stream }, { stream: { stream, aggregateVersion: "1" } }],
      GetHead: [{}, { head: { position: "1" } }],
    } as const;
    for (const [method, [request, body]] of Object.entries(answers)) {
      expect(await call(method, request, headers)).toMatchObject({ status: 200, body });
    }
  });

  test("names of fields may be written as in the proto", async () => {
    const { status } = await call("GetEventsByType", { aggregate_type: "Order", page_size: 1 });
    expect(status).toBe(200);
  });

  test("a body may come compressed, and so may the answer", async () => {
    const events = Array.from({ length: 20 }, () => eventOf());
    const headers = { "x-tenant-id": newTenant() };
    const body = gzipSync(JSON.stringify(append({ any: {} }, events)));
    expect((await post("Append", body, { "content-encoding": "gzip", ...headers })).status).toBe(
      200,
    );
    const query = JSON.stringify({ aggregateType: "Order" });
    const response = await post("GetEventsByType", query, {
      "accept-encoding": "gzip",
      ...headers,
    });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(((await response.json()) as { events: unknown[] }).events).toHaveLength(20);
  });
});

/** A number of 64 bits by its value, of more digits than anybody writes: those who read it may take seconds for more. */
const manyDigits = `${"0".repeat(1_000)}1`;

test("digits without end are fine in a text, and no number", async () => {
  const headers = { "x-tenant-id": newTenant() };
  const event = { ...eventOf(), metadata: { exactly: manyDigits } };
  expect((await call("Append", append({ exactly: "0" }, [event]), headers)).status).toBe(200);
  expect((await call("Append", append({ exactly: "01" }), headers)).status).toBe(200);
  expect((await call("Append", append({ exactly: manyDigits }), headers)).status).toBe(400);
});

describe("errors in JSON", () => {
  const detailOf = (body: Record<string, unknown>) =>
    (body["details"] as { type: string; debug: object }[])[0];

  test("a conflict says at which version the stream is, in plain words", async () => {
    const headers = { "x-tenant-id": newTenant() };
    await call("Append", append(), headers);
    const { status, body } = await call("Append", append({ noStream: {} }), headers);
    expect([status, body["code"]]).toEqual([409, "aborted"]);
    expect(detailOf(body)).toMatchObject({
      type: "annals.v1.ErrorDetail",
      debug: {
        reason: "ERROR_REASON_VERSION_CONFLICT",
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        versionConflict: { expected: "no_stream", actualVersion: "1" },
      },
    });
  });

  test.each([
    ["no credential", "GetHead", "{}", { "x-tenant-id": "" }, 400, "INVALID_ARGUMENT"],
    ["a field not known", "GetHead", '{"tenant":"x"}', {}, 400, "INVALID_ARGUMENT"],
    ["a field not known, deep", "Append", '{"events":[{"x":1}]}', {}, 400, "INVALID_ARGUMENT"],
    ["no JSON", "GetHead", "{", {}, 400, "INVALID_ARGUMENT"],
    ["no bytes of UTF-8", "GetHead", Buffer.from([0x22, 0xff]), {}, 400, "INVALID_ARGUMENT"],
    ["nothing at all", "GetHead", "", {}, 400, "INVALID_ARGUMENT"],
    ["a wrong gzip", "GetHead", "{}", { "content-encoding": "gzip" }, 400, "INVALID_ARGUMENT"],
    ["another compression", "GetHead", "{}", { "content-encoding": "lz" }, 501, "UNIMPLEMENTED"],
    ["a wrong timeout", "GetHead", "{}", { "connect-timeout-ms": "1s" }, 400, "INVALID_ARGUMENT"],
    ["no time", "GetHead", "{}", { "connect-timeout-ms": "0" }, 504, "DEADLINE_EXCEEDED"],
    ["too much", "GetHead", Buffer.alloc(7_000_000), {}, 429, "LIMIT_EXCEEDED"],
    [
      "too much when unpacked",
      "GetHead",
      gzipSync(Buffer.alloc(50_000_000)),
      { "content-encoding": "gzip" },
      429,
      "LIMIT_EXCEEDED",
    ],
  ] as const)("%s is refused with its reason", async (_, method, body, headers, status, reason) => {
    const response = await post(method, body, headers);
    const answer = (await response.json()) as Record<string, unknown>;
    expect(response.status).toBe(status);
    expect(detailOf(answer)).toMatchObject({ debug: { reason: `ERROR_REASON_${reason}` } });
  });

  test("a caller without a credential is refused before its body is read", async () => {
    const response = await fetch(`http://${server.httpAddress!}/annals.v1.EventStore/GetHead`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    });
    expect(response.status).toBe(401);
  });

  test("what is no call is told so by HTTP itself", async () => {
    const at = `http://${server.httpAddress!}`;
    expect((await fetch(`${at}/annals.v1.EventStore/Drop`, { method: "POST" })).status).toBe(404);
    expect((await fetch(`${at}/annals.v1.EventStore/GetHead`)).status).toBe(405);
    expect((await post("GetHead", "{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await post("AppendStream", "", { "content-type": "application/connect+json" })).status) //
      .toBe(505);
  });
});

describe("streaming calls in JSON", () => {
  /** A message in its envelope: a byte of flags, four for the length, the bytes. */
  const envelope = (text: string) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.byteLength, 1);
    return Buffer.concat([head, body]);
  };
  const envelopesOf = (bytes: Buffer): { flags: number; body: Record<string, unknown> }[] => {
    const found = [];
    for (let at = 0; at < bytes.byteLength;) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      const text = bytes.toString("utf8", at + 5, end);
      found.push({ flags: bytes[at]!, body: JSON.parse(text) as Record<string, unknown> });
      at = end;
    }
    return found;
  };
  const readAll = async (request: string, headers: Headers) => {
    const type = { "content-type": "application/connect+json" };
    const response = await post("ReadAll", envelope(request), { ...type, ...headers });
    expect(response.status).toBe(200);
    return envelopesOf(Buffer.from(await response.arrayBuffer()));
  };

  test("a log is read in envelopes, the last of which says how it ended", async () => {
    const headers = { "x-tenant-id": newTenant() };
    await call("Append", append({ any: {} }, [eventOf(), eventOf()]), headers);
    const answers = await readAll("{}", headers);
    expect(answers.map(({ flags }) => flags)).toEqual([0, 0, 0, 2]);
    expect(answers[1]!.body).toMatchObject({
      page: { events: [{ position: "1" }, { position: "2" }] },
    });
    expect(answers.at(-1)!.body).not.toHaveProperty("error");
  });

  test("an error is in the last envelope, with its detail", async () => {
    const [end] = await readAll('{"afterCursor":"x"}', { "x-tenant-id": newTenant() });
    expect(end).toMatchObject({
      flags: 2,
      body: {
        error: {
          code: "invalid_argument",
          details: [{ debug: { invalidArgument: { field: "after_cursor" } } }],
        },
      },
    });
  });

  test.each([
    ["a field that the server does not know", '{"filter":{"x":1}}'],
    ["a number of digits without end", `{"limit":"${manyDigits}"}`],
  ])("%s is refused there too", async (_, request) => {
    const [end] = await readAll(request, { "x-tenant-id": newTenant() });
    expect(end).toMatchObject({
      flags: 2,
      body: { error: { details: [{ debug: { reason: "ERROR_REASON_INVALID_ARGUMENT" } }] } },
    });
  });
});

describe("web pages", () => {
  const ask = (method: string, origin: string) =>
    fetch(`http://${server.httpAddress!}/annals.v1.EventStore/GetHead`, {
      method,
      headers: {
        origin,
        "content-type": "application/json",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-tenant-id",
        "x-tenant-id": newTenant(),
      },
      ...(method === "POST" && { body: "{}" }),
    });

  test("of an origin that is allowed may call, after asking", async () => {
    const preflight = await ask("OPTIONS", "https://app.example");
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/X-Tenant-Id/);
    expect(preflight.headers.get("vary")).toMatch(/origin/i);
    const called = await ask("POST", "https://app.example");
    expect(called.status).toBe(200);
    expect(called.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });

  test("of any other origin may not, whether they ask or not", async () => {
    for (const origin of ["https://evil.example", "http://app.example", "null"]) {
      for (const method of ["OPTIONS", "POST"]) {
        const refused = await ask(method, origin);
        expect([method, refused.status]).toEqual([method, 403]);
        expect(refused.headers.get("access-control-allow-origin")).toBeNull();
      }
    }
  });

  test("by default may not, from wherever they are", async () => {
    await using own = await startTestServer();
    const response = await fetch(`http://${own.httpAddress!}/annals.v1.EventStore/GetHead`, {
      method: "OPTIONS",
      headers: { origin: `http://${own.httpAddress!}`, "access-control-request-method": "POST" },
    });
    expect(response.status).toBe(403);
  });
});

test("health is told to load balancers, without a credential", async () => {
  for (const path of ["/healthz", "/readyz"]) {
    expect((await fetch(`http://${server.httpAddress!}${path}`)).status).toBe(200);
  }
});

test("a store that does not answer is told to load balancers, who need not restart the server", async () => {
  const port = await listenHttp([], [], {
    address: "127.0.0.1:0",
    corsOrigins: [],
    maxConcurrentStreams: 1,
    stallTimeoutMs: 1_000,
    keepaliveMs: 1_000,
    tls: undefined,
  });
  const statuses = async () =>
    Promise.all(
      ["healthz", "readyz"].map(async (path) => {
        return (await fetch(`http://${port.address}/${path}`)).status;
      }),
    );
  port.setServing(true);
  expect(await statuses()).toEqual([200, 200]);
  port.setServing(false);
  expect(await statuses()).toEqual([200, 503]);
  expect(await port.stop(1_000)).toBe(true);
});

test("the HTTP port can be turned off", async () => {
  await using own = await startTestServer({ httpAddress: "off" });
  expect(own.httpAddress).toBeUndefined();
});

test("a port that is taken stops the start, and says which", async () => {
  await expect(startTestServer({ httpAddress: server.httpAddress! })).rejects.toThrow(
    `cannot listen on ${server.httpAddress!}`,
  );
});

test("what speaks no HTTP is told so, and the server goes on", async () => {
  const [host, port] = server.httpAddress!.split(":");
  for (const word of ["\0\0\0\0rubbish", "PRI * HTTP/2.0\r\n\r\nXX", "GE"]) {
    const socket = connectTcp(Number(port), host);
    socket.on("error", () => undefined);
    socket.end(word);
    socket.resume();
    await once(socket, "close");
  }
  expect((await call("GetHead", {})).status).toBe(200);
});
