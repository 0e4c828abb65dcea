import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server whose connections can fall silent. */
export interface FreezingProxy extends AsyncDisposable {
  readonly address: string;
  /** How many connections were opened to it. */
  readonly opened: number;
  /** Nothing comes any more over the connections that there are, and nothing says so. */
  freeze(): void;
  /** Ends the connections that there are, without an error. */
  end(): void;
}

/** Starts a TCP proxy before a server on loopback. */
export async function startFreezingProxy(target: string): Promise<FreezingProxy> {
  const [host, port] = target.split(":") as [string, string];
  const sockets = new Set<Socket>();
  const unpipes = new Set<() => void>();
  let opened = 0;
  const server = createServer((near) => {
    opened++;
    const far = connect(Number(port), host);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.pipe(far);
    far.pipe(near);
    sockets.add(near);
    unpipes.add(() => {
      near.unpipe().resume();
      far.unpipe().destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const freeze = (): void => {
    for (const unpipe of unpipes) unpipe();
    unpipes.clear();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get opened() {
      return opened;
    },
    freeze,
    end: () => {
      for (const socket of sockets) socket.end();
      sockets.clear();
    },
    [Symbol.asyncDispose]: async () => {
      freeze();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
