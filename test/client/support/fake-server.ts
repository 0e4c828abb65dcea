import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { EventStore } from "@annals/proto/annals/v1/event_store";

/** A server that answers as a test tells it to: for what the real one cannot be made to do. */
export interface FakeServer extends AsyncDisposable {
  readonly address: string;
  /** How many connections were opened to it. */
  readonly connections: number;
}

/** Starts a server on a free port of loopback; what is not given is UNIMPLEMENTED. */
export async function startFakeServer(
  implementation: Partial<ServiceImpl<typeof EventStore>> = {},
): Promise<FakeServer> {
  const handler = connectNodeAdapter({
    routes: (router) => router.service(EventStore, implementation),
  });
  const server = createServer(handler);
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sessions.size;
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
