import { Client, credentials } from "@grpc/grpc-js";
import type { GeneratorProcess } from "../load/generator-process.js";
import type { ServerContender } from "./contender.js";
import { GrpcServerUnderLoad } from "./grpc-server-under-load.js";
import { installPythonPeer } from "./peer-venv.js";
import { createUmaDbAppend, readUmaDbHead, umaDbPath } from "./umadb-messages.js";
import { startUmaDb } from "./umadb-process.js";

const peer = { package: "umadb", version: "0.7.8" };

export interface UmaDbOptions {
  /** An empty folder on the same disk as the others' logs. */
  readonly folder: string;
  readonly events: number;
  readonly dataBytes: number;
  readonly streams: number;
}

/**
 * UmaDB's server, driven over gRPC by the same generator as Annals' own.
 *
 * @throws Error when its package cannot be installed
 */
export async function createUmaDb(
  generator: GeneratorProcess,
  options: UmaDbOptions,
): Promise<ServerContender> {
  const programs = await installPythonPeer(peer.package, peer.version);
  const server = new GrpcServerUnderLoad(generator, createUmaDbAppend(options), () =>
    startUmaDb(programs, options.folder),
  );
  return {
    name: "UmaDB",
    description: `DCB/Append of UmaDB ${peer.version}; its own file, synced before the answer`,
    get address() {
      return server.address;
    },
    get pid() {
      return server.pid;
    },
    start: () => server.start(),
    drive: (load, driveOptions) => server.drive(load, driveOptions),
    verify: async (acknowledged) => {
      const head = await getHead(server.address);
      if (head === acknowledged * options.events) return;
      throw new Error(`UmaDB holds ${head} events, not ${acknowledged * options.events}`);
    },
    stop: () => server.stop(),
  };
}

function getHead(address: string): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  return new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest(
      umaDbPath.head,
      (request: Buffer) => request,
      readUmaDbHead,
      Buffer.alloc(0),
      (error, head) => {
        if (error) reject(error);
        else resolve(head ?? 0);
      },
    );
  }).finally(() => {
    client.close();
  });
}
