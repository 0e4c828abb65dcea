import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ErrorDetail } from "@annals/proto/annals/v1/error";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { Projections } from "@annals/proto/annals/v1/projections";
import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { Snapshots } from "@annals/proto/annals/v1/snapshots";
import { Tenants } from "@annals/proto/annals/v1/tenants";
import type { RawGrpc, RawGrpcCall } from "../../support/raw-grpc.js";
import { foreignMarks, type MarkedTenant } from "./marks.js";

/** Every method of every service; no two have the same name. */
export const methods = {
  ...EventStore.method,
  ...Projections.method,
  ...ServerInfo.method,
  ...Snapshots.method,
  ...Tenants.method,
};
type Methods = typeof methods;

/** An answered call. */
export interface Answered<Response> {
  /** gRPC status. */
  readonly status: number;
  readonly answers: readonly Response[];
  readonly detail: ErrorDetail | undefined;
}

/** A call under way. */
export interface Asked<Response> {
  readonly call: RawGrpcCall;
  /** What came so far. */
  readonly answers: () => readonly Response[];
}

/** Calls as one tenant or as an operator, over one port and the other in turn, and keeps every answer. */
export class Asker {
  readonly #asked: { method: string; request: Buffer; call: RawGrpcCall }[] = [];

  /** @param others whose marks no answer may hold */
  constructor(
    private readonly ports: readonly RawGrpc[],
    private readonly tenantHeader: string,
    private readonly others: readonly MarkedTenant[],
  ) {}

  /** Begins a call. */
  open<Name extends keyof Methods>(
    name: Name,
    ...requests: MessageInitShape<Methods[Name]["input"]>[]
  ): Asked<MessageShape<Methods[Name]["output"]>> {
    const method = methods[name];
    const input: DescMessage = method.input;
    const output: Methods[Name]["output"] = method.output;
    const bytes = requests.map((request) => toBinary(input, create(input, request)));
    const port = this.ports[this.#asked.length % this.ports.length];
    if (!port) throw new Error("no port");
    const path = `${method.parent.typeName}/${method.name}`;
    const call = port.call(path, { "x-tenant-id": this.tenantHeader }, bytes);
    this.#asked.push({ method: method.name, request: Buffer.concat(bytes), call });
    return {
      call,
      answers: () => call.messages.map((message) => fromBinary(output, message)),
    };
  }

  /** Makes a call and waits for its end. */
  async ask<Name extends keyof Methods>(
    name: Name,
    ...requests: MessageInitShape<Methods[Name]["input"]>[]
  ): Promise<Answered<MessageShape<Methods[Name]["output"]>>> {
    const { call, answers } = this.open(name, ...requests);
    const status = await call.ended;
    return { status, answers: answers(), detail: call.detail() };
  }

  /** The methods that were called. */
  get methods(): ReadonlySet<string> {
    return new Set(this.#asked.map(({ method }) => method));
  }

  /** @throws when an answer held a byte of another tenant that its request did not name */
  assertOnlyOwn(): void {
    for (const { method, request, call } of this.#asked) {
      const found = foreignMarks(call.said(), request, this.others);
      if (found.length > 0) throw new Error(`${method} told of another: ${found.join(", ")}`);
    }
  }
}
