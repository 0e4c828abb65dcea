import { fileURLToPath } from "node:url";
import type { GeneratorProcess } from "../load/generator-process.js";
import type { RequestTemplate } from "../load/load-job.js";
import { assertLogHeads } from "./assert-log-heads.js";
import type { ServerContender } from "./contender.js";
import { GrpcServerUnderLoad } from "./grpc-server-under-load.js";
import { ServerProcess } from "./server-process.js";

/** Which server, and what to ask of it. */
export interface AnnalsServerOptions {
  /** The server's setting of the same name. */
  readonly store: string;
  /** How durable an answer is, for the description. */
  readonly durability: string;
  readonly request: RequestTemplate;
  /** As tables show it. Default: "append". */
  readonly name?: string;
  /** Tenants that the request's metadata names. */
  readonly tenants: readonly string[];
  /** What their logs hold together before the first append. Default: 0. */
  readonly eventsBefore?: number;
  readonly eventsPerAppend: number;
  /** Knows callers by a token, which the request's metadata holds. Default: dev mode. */
  readonly jwt?: { readonly keyFile: string; readonly token: string };
  /** More for the server's command line. Default: none. */
  readonly flags?: readonly string[];
  /** A folder for the server's CPU profile, written when it stops. */
  readonly cpuProfileFolder: string | undefined;
}

/** A real Annals server that takes appends; proves at the end that it has every one of them. */
export function createAnnalsServer(
  generator: GeneratorProcess,
  options: AnnalsServerOptions,
): ServerContender {
  const { store, durability, request, tenants, eventsPerAppend, cpuProfileFolder } = options;
  const { eventsBefore = 0 } = options;
  const server = new GrpcServerUnderLoad(generator, request, () =>
    ServerProcess.start([
      ...(cpuProfileFolder === undefined
        ? []
        : ["--cpu-prof", `--cpu-prof-dir=${cpuProfileFolder}`]),
      ...serverArguments(store, options.jwt?.keyFile),
      ...(options.flags ?? []),
    ]),
  );
  return {
    name: options.name ?? "append",
    description: `annals.v1.EventStore/Append; ${durability}`,
    get address() {
      return server.address;
    },
    get pid() {
      return server.pid;
    },
    start: () => server.start(),
    drive: (load, driveOptions) => server.drive(load, driveOptions),
    verify: (acknowledged) =>
      assertLogHeads(
        server.address,
        tenants,
        BigInt(eventsBefore + acknowledged * eventsPerAppend),
        options.jwt?.token,
      ),
    stop: () => server.stop(),
  };
}

/** Node's arguments for a server on a free port of loopback, in dev mode unless there is a key. */
export function serverArguments(store: string, jwtKeyFile?: string): readonly string[] {
  const auth = ["--auth", "jwt", "--auth-jwt-key-file", jwtKeyFile ?? ""];
  return [
    fileURLToPath(new URL("../../../server/dist/main.js", import.meta.url)),
    ...["--grpc-address", "127.0.0.1:0", "--http-address", "off"],
    ...(jwtKeyFile === undefined ? ["--auth", "dev"] : auth),
    ...["--store", store],
    ...["--log-format", "json"],
  ];
}
