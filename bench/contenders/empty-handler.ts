import { fileURLToPath } from "node:url";
import type { GeneratorProcess } from "../load/generator-process.js";
import type { RequestTemplate } from "../load/load-job.js";
import type { Contender } from "./contender.js";
import { GrpcServerUnderLoad } from "./grpc-server-under-load.js";
import { ServerProcess } from "./server-process.js";

/** A @grpc/grpc-js server whose handler does nothing: the limit for any unary call on that stack. */
export function createEmptyHandler(
  generator: GeneratorProcess,
  request: RequestTemplate,
): Contender {
  return contender(generator, request, {
    name: "empty handler",
    description: "@grpc/grpc-js, the same request bytes, handed to a handler that answers nothing",
    file: new URL("./empty-handler-server.js", import.meta.url),
  });
}

/** Annals' server with an Append that does nothing: the limit for what the writer and the store add. */
export function createEmptyRpc(generator: GeneratorProcess, request: RequestTemplate): Contender {
  return contender(generator, request, {
    name: "empty Append",
    description: "Annals' server: transport, decoding and interceptors; the handler does nothing",
    file: new URL("./empty-rpc-server.js", import.meta.url),
  });
}

function contender(
  generator: GeneratorProcess,
  request: RequestTemplate,
  what: { readonly name: string; readonly description: string; readonly file: URL },
): Contender {
  const file = fileURLToPath(what.file);
  const server = new GrpcServerUnderLoad(generator, request, () =>
    ServerProcess.start([file, request.path]),
  );
  return {
    name: what.name,
    description: what.description,
    start: () => server.start(),
    drive: (load, options) => server.drive(load, options),
    verify: () => Promise.resolve(),
    stop: () => server.stop(),
  };
}
