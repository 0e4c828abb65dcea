import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { Client } from "#server/store/postgres/client.js";
import { assertMigrated } from "#server/store/postgres/migrate.js";

/** AuthenticationOk and ReadyForQuery, idle. */
const welcome = Buffer.from("520000000800000000" + "5a0000000549", "hex");

/** A PostgreSQL that lets everybody log in and then hangs. */
async function startSilent() {
  const sockets: Socket[] = [];
  let questions = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(welcome);
      socket.on("data", () => questions++);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `postgres://x@127.0.0.1:${port}/x`, questions: () => questions };
}

test("a connection to a database that hangs is cut, when it was ended and nothing comes of it", async () => {
  const { url } = await startSilent();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.end();
  const pooled = new Client({ connectionString: url });
  await pooled.connect();
  await new Promise<void>((resolve) => {
    pooled.end(() => {
      resolve();
    });
  });
});

test("a database that hangs before it says which schema it has is waited for ten seconds", async () => {
  const { url, questions } = await startSilent();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const refused = expect(assertMigrated(url)).rejects.toThrow("does not say in 10000 ms");
  await expect.poll(questions, { timeout: 10_000 }).toBeGreaterThan(0);
  vi.advanceTimersByTime(10_000);
  await refused;
});
