import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";

/** A TCP proxy that can cut a connection between a request and its answer. */
export interface CuttingProxy extends AsyncDisposable {
  /** The URL of the database, by way of the proxy. */
  readonly url: string;
  /** Cuts the next connection that sends something: it is passed on, its answer is not. */
  cutNextAnswer(): void;
}

/** Opens a proxy in front of the server of a URL. */
export async function openCuttingProxy(url: string): Promise<CuttingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let cutting = false;
  const server = createServer((client) => {
    const upstream = createConnection(Number(target.port), target.hostname);
    let muted = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        // What was passed on must arrive: PostgreSQL is given time to do it.
        setTimeout(() => upstream.destroy(), 200);
      });
    }
    client.on("data", (chunk) => {
      upstream.write(chunk);
      if (!cutting) return;
      cutting = false;
      muted = true;
      setTimeout(() => client.destroy(), 100);
    });
    upstream.on("data", (chunk) => {
      if (!muted) client.write(chunk);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const through = new URL(url);
  through.host = `127.0.0.1:${address.port}`;
  return {
    url: through.href,
    cutNextAnswer: () => {
      cutting = true;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
