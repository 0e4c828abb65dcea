import { once } from "node:events";
import {
  type ClientHttp2Stream,
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Http2Session } from "#client/platform/http2-session.js";
import { Http2Sessions } from "#client/platform/http2-sessions.js";
import { failureOf } from "./support/failure.js";
import { startFreezingProxy } from "./support/freezing-proxy.js";

const hour = 3_600_000;
const patient = {
  openTimeoutMs: hour,
  pingIntervalMs: hour,
  pingTimeoutMs: hour,
  idleTimeoutMs: hour,
};

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function addressOf(server: Server | Http2Server): Promise<string> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => connections.add(socket.on("error", () => undefined)));
  stops.push(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers every call with its headers, and then as it is told to. */
async function startServer() {
  const streams: ServerHttp2Stream[] = [];
  const server = createHttp2Server().on("stream", (stream) => {
    stream.on("error", () => undefined).respond();
    streams.push(stream);
  });
  return { address: await addressOf(server), streams };
}

function open(address: string, times: Partial<typeof patient>): Http2Sessions {
  const sessions = new Http2Sessions(address, { ...patient, ...times });
  stops.push(() => {
    sessions.close();
  });
  return sessions;
}

async function request(sessions: Http2Sessions): Promise<ClientHttp2Stream> {
  const stream = await sessions.request("POST", "/", {}, {});
  stream.on("error", () => undefined);
  return stream;
}

/** Its end, with an error or without. */
function endOf(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => stream.once("close", resolve));
}

test("a TLS handshake that is not answered in time is given up, and tried again", async () => {
  let opened = 0;
  const silent = createServer(() => opened++);
  const sessions = open(`https://${await addressOf(silent)}`, { openTimeoutMs: 20 });
  for (let i = 0; i < 2; i++) {
    const error = await failureOf(() => request(sessions), "unavailable");
    expect(error.message).toMatch("no connection in time");
  }
  await expect.poll(() => opened).toBe(2);
});

test("a connection with a call that falls silent is given up, and another takes the next call", async () => {
  const { address } = await startServer();
  await using proxy = await startFreezingProxy(address);
  const times = { pingIntervalMs: 20, pingTimeoutMs: 1_000 };
  const sessions = open(`http://${proxy.address}`, times);
  const stream = await request(sessions);
  await once(stream, "response");
  proxy.freeze();
  await endOf(stream);
  await once(await request(sessions), "response");
  expect(proxy.opened).toBe(2);
});

test("a connection that answers its pings is kept, and one without calls closed after a while", async () => {
  const { address, streams } = await startServer();
  await using proxy = await startFreezingProxy(address);
  const times = { pingIntervalMs: 5, idleTimeoutMs: 5 };
  const sessions = open(`http://${proxy.address}`, times);
  const stream = await request(sessions);
  const { session } = stream;
  let pings = 0;
  await once(stream, "response");
  streams[0]?.session?.on("ping", () => pings++);
  await expect.poll(() => pings).toBeGreaterThan(2);
  expect(stream.closed).toBe(false);
  streams[0]?.end();
  stream.resume().end();
  await endOf(stream);
  await expect.poll(() => session?.destroyed).toBe(true);
  await once(await request(sessions), "response");
  expect(proxy.opened).toBe(2);
});

test("a server that is stopping finishes its calls while others go over a new connection", async () => {
  const { address, streams } = await startServer();
  await using proxy = await startFreezingProxy(address);
  const sessions = open(`http://${proxy.address}`, {});
  const first = await request(sessions);
  await once(first, "response");
  const { session } = first;
  streams[0]?.session?.close();
  await expect.poll(() => session?.closed).toBe(true);
  await once(await request(sessions), "response");
  expect(proxy.opened).toBe(2);
  streams[0]?.end("the end");
  expect(String(await once(first, "data"))).toBe("the end");
  first.end();
  await expect.poll(() => session?.destroyed).toBe(true);
});

test("a server that is pinged too often says so", async () => {
  const { address, streams } = await startServer();
  const session = new Http2Session(`http://${address}`, patient, () => undefined);
  expect(await session.ready()).toBeUndefined();
  const stream = session.request({ ":method": "POST", ":path": "/" }, {});
  stream.on("error", () => undefined);
  await once(stream, "response");
  expect(session.tooManyPings).toBe(false);
  streams[0]?.session?.goaway(11, 0, Buffer.from("too_many_pings"));
  await endOf(stream);
  expect(session).toMatchObject({ tooManyPings: true, usable: false });
});
