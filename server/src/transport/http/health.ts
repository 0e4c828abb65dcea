import { createFileRegistry, fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createConnectRouter, type HandlerContext } from "@connectrpc/connect";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { RpcHandler } from "./rpc-handler.js";

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const status = { serving: 1, notServing: 2, serviceUnknown: 3 } as const;

/** The largest request: anybody may send one, and it holds a name. */
const maxRequestBytes = 4_096;

type Answer = MessageInitShape<DescMessage>;

/**
 * grpc.health.v1.Health for the HTTP port, in its protocols, without a credential:
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export class HealthService {
  /** By path. */
  readonly handlers: ReadonlyMap<string, RpcHandler>;
  #serving = false;
  readonly #watchers = new Set<() => void>();
  readonly #stopping = new AbortController();

  /** @param services the full names that it knows, beside "" for the server */
  constructor(services: readonly string[]) {
    const names = new Set(["", ...services]);
    const statusOf = (name: string): number | undefined =>
      names.has(name) ? (this.#serving ? status.serving : status.notServing) : undefined;
    const methods = methodsOfHealth();
    const nameIn = (request: unknown): string => (request as { readonly service: string }).service;
    this.handlers = new Map([
      handlerOf(methods.check, (request) => {
        const found = statusOf(nameIn(request));
        if (found === undefined) throw new ConnectError("unknown service", Code.NotFound);
        return { status: found } as Answer;
      }),
      handlerOf(methods.watch, (request, { signal }) =>
        this.#watch(() => statusOf(nameIn(request)) ?? status.serviceUnknown, signal),
      ),
    ]);
  }

  setServing(serving: boolean): void {
    this.#serving = serving;
    for (const changed of this.#watchers) changed();
  }

  /** Ends the calls that watch. */
  stop(): void {
    this.#stopping.abort();
  }

  async *#watch(statusNow: () => number, signal: AbortSignal): AsyncGenerator<Answer> {
    const ended = AbortSignal.any([signal, this.#stopping.signal]);
    let wake = (): void => undefined;
    const changed = (): void => {
      wake();
    };
    this.#watchers.add(changed);
    ended.addEventListener("abort", changed);
    try {
      for (let said: number | undefined; ;) {
        const now = statusNow();
        if (now !== said) yield { status: (said = now) };
        else if (ended.aborted) throw new ConnectError("the server stops", Code.Unavailable);
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#watchers.delete(changed);
      ended.removeEventListener("abort", changed); // or Node keeps it
    }
  }
}

/** grpc/health/v1/health.proto, as far as it is served. */
const healthProto = fromJson(FileDescriptorProtoSchema, {
  name: "grpc/health/v1/health.proto",
  package: "grpc.health.v1",
  syntax: "proto3",
  messageType: [
    {
      name: "HealthCheckRequest",
      field: [{ name: "service", jsonName: "service", number: 1, type: "TYPE_STRING" }],
    },
    {
      name: "HealthCheckResponse",
      field: [
        {
          ...{ name: "status", jsonName: "status", number: 1, type: "TYPE_ENUM" },
          typeName: ".grpc.health.v1.HealthCheckResponse.ServingStatus",
        },
      ],
      enumType: [
        {
          name: "ServingStatus",
          value: ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"].map((name, number) => ({
            name,
            number,
          })),
        },
      ],
    },
  ],
  service: [
    {
      name: "Health",
      method: ["Check", "Watch"].map((name) => ({
        name,
        inputType: ".grpc.health.v1.HealthCheckRequest",
        outputType: ".grpc.health.v1.HealthCheckResponse",
        serverStreaming: name === "Watch",
      })),
    },
  ],
});

function methodsOfHealth(): Record<"check" | "watch", DescMethod> {
  const registry = createFileRegistry(healthProto, () => undefined);
  const { check, watch } = registry.getService("grpc.health.v1.Health")?.method ?? {};
  if (!check || !watch) throw new Error("the health service has no methods");
  return { check, watch };
}

function handlerOf(
  method: DescMethod,
  answer: (request: unknown, context: HandlerContext) => Answer | AsyncIterable<Answer>,
): [string, RpcHandler] {
  const router = createConnectRouter({ readMaxBytes: maxRequestBytes });
  router.rpc(method as never, answer as never);
  const [handler] = router.handlers;
  if (!handler) throw new Error(`no handler for ${method.name}`);
  return [
    handler.requestPath,
    async (request, response) => {
      const universal = universalRequestFromNodeRequest(request, response, undefined, undefined);
      await universalResponseToNodeResponse(await handler(universal), response);
    },
  ];
}
