import { type DescMethod, toJsonString } from "@bufbuild/protobuf";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { Projections } from "@annals/proto/annals/v1/projections";
import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { Snapshots } from "@annals/proto/annals/v1/snapshots";
import { Tenants } from "@annals/proto/annals/v1/tenants";
import fc from "fast-check";
import { arbitraryBytes, arbitraryMessage, mutated } from "./message.js";

/** A request as it goes over the wire, in one of the protocols. */
export interface FuzzCall {
  readonly method: string;
  readonly port: "grpc" | "http";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const methods = [EventStore, Projections, ServerInfo, Snapshots, Tenants].flatMap(
  (service) => service.methods,
);
const tenants = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];

/** Printable ASCII: what a header may hold at all. */
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

const tenantHeader = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...tenants) },
  { weight: 1, arbitrary: fc.constant("*") },
  { weight: 1, arbitrary: headerText },
);

/** Headers that the server looks at, mostly nonsense. */
const oddHeaders = fc.record(
  {
    traceparent: fc.oneof(
      headerText,
      fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ),
    authorization: headerText.map((text) => `Bearer ${text}`),
    "grpc-encoding": fc.constantFrom("identity", "gzip", "br", "none"),
    "grpc-accept-encoding": fc.oneof(fc.constantFrom("gzip", "identity,gzip"), headerText),
    "content-encoding": fc.constantFrom("identity", "gzip", "br", "zip"),
    "connect-content-encoding": fc.constantFrom("identity", "gzip", "zip"),
    "connect-protocol-version": fc.constantFrom("1", "2", ""),
    "x-custom-bin": headerText,
    origin: fc.constantFrom("https://example.com", "null"),
  },
  { requiredKeys: [] },
);

/** gRPC's frame: mostly right. */
function framed(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .record({
      messages: fc.array(bytes, { minLength: 1, maxLength: 3 }),
      flags: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(255)),
      off: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        fc.integer({ min: -5, max: 2 ** 31 }),
      ),
    })
    .map(({ messages, flags, off }) =>
      Buffer.concat(
        messages.flatMap((message) => {
          const head = Buffer.alloc(5);
          head.writeUInt8(flags, 0);
          head.writeUInt32BE(Math.max(0, message.length + off), 1);
          return [head, message];
        }),
      ),
    );
}

function jsonOf({ input }: DescMethod): fc.Arbitrary<Uint8Array> {
  const message = arbitraryMessage(input).map((value) => {
    try {
      return Buffer.from(toJsonString(input, value));
    } catch {
      return Buffer.from("{}"); // not every message has a form in JSON, such as a time past year 9999
    }
  });
  return fc.oneof(
    mutated(message),
    fc.json().map((json) => Buffer.from(json)),
  );
}

const protocols: Readonly<Record<string, (method: DescMethod) => fc.Arbitrary<Uint8Array>>> = {
  "application/grpc": (method) => framed(arbitraryBytes(method.input)),
  "application/grpc+json": (method) => framed(jsonOf(method)),
  "application/grpc-web+proto": (method) => framed(arbitraryBytes(method.input)),
  "application/proto": (method) => arbitraryBytes(method.input),
  "application/json": jsonOf,
  "application/connect+proto": (method) => framed(arbitraryBytes(method.input)),
  "application/connect+json": (method) => framed(jsonOf(method)),
  "text/plain": (method) => arbitraryBytes(method.input),
};

/** Any call, to either port. */
export const fuzzCall: fc.Arbitrary<FuzzCall> = fc
  .record({
    method: fc.constantFrom(...methods),
    contentType: fc.constantFrom(...Object.keys(protocols)),
    grpcPort: fc.boolean(),
  })
  .chain(({ method, contentType, grpcPort }) =>
    fc
      .record({ tenant: tenantHeader, odd: oddHeaders, body: protocols[contentType]!(method) })
      .map(({ tenant, odd, body }) => {
        const port = grpcPort && contentType.startsWith("application/grpc") ? "grpc" : "http";
        return {
          method: `${method.parent.typeName}/${method.name}`,
          port,
          headers: { ...odd, "content-type": contentType, "x-tenant-id": tenant },
          body,
        };
      }),
  );
