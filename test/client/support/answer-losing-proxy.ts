import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server on which the next answer can be lost. */
export interface AnswerLosingProxy extends AsyncDisposable {
  readonly address: string;
  /** What is sent next reaches the server; its answer does not come back, the connection breaks. */
  loseNextAnswer(): void;
}

/** Starts a TCP proxy before a server on loopback. */
export async function startAnswerLosingProxy(target: string): Promise<AnswerLosingProxy> {
  const [host, port] = target.split(":") as [string, string];
  const sockets = new Set<Socket>();
  let losing = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    sockets.add(near).add(far);
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      if (!losing || !hasHeaders(bytes)) {
        near.write(bytes);
        return;
      }
      losing = false;
      end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseNextAnswer: () => {
      losing = true;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether there is a HEADERS frame among these (RFC 9113, 4.1 and 6.2): the beginning of an answer. */
function hasHeaders(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 1) return true;
  }
  return false;
}
