import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { openPostgresProjectionStore } from "@annals/client/postgres";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";

/** A message of PostgreSQL's protocol, as the server sends it. */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

/** What a server says to a new connection when it goes down in the same moment: all in one packet. */
const welcomeAndEnd = Buffer.concat([
  message("R", Buffer.alloc(4)), // authentication ok
  message("Z", Buffer.from("I")), // ready for a query
  message(
    "E",
    Buffer.from(
      "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0",
    ),
  ),
]);

test("a connection that ends with the packet that opens it fails the projection store, not the process", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on("error", () => undefined).once("data", () => socket.end(welcomeAndEnd));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "nobody", database: "none" });
  pool.on("error", () => undefined);
  onTestFinished(async () => {
    await pool.end();
    server.close();
    await once(server, "close");
  });
  // Where it is not listened to, the error ends the run: "Unhandled Errors".
  await expect(openPostgresProjectionStore(pool)).rejects.toMatchObject({ code: "unavailable" });
  expect(connections).toBeGreaterThan(0);
});
