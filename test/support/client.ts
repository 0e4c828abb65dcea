import { randomUUID } from "node:crypto";
import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { type ErrorDetail, ErrorDetailSchema } from "@annals/proto/annals/v1/error";
import type { NewEventSchema, RecordedEvent } from "@annals/proto/annals/v1/event";
import {
  type AppendRequestSchema,
  EventStore,
  type ExpectedVersionSchema,
  type ReadAllRequestSchema,
  type ReadRequestSchema,
} from "@annals/proto/annals/v1/event_store";
import { expect } from "vitest";

export type EventStoreClient = Client<typeof EventStore>;

/** Makes a transport to a server that sends some metadata with every call. */
export type OpenTransport = (address: string, metadata: Record<string, string>) => Transport;

export const grpcTransport: OpenTransport = (address, metadata) =>
  createGrpcTransport({
    baseUrl: `http://${address}`,
    interceptors: [withMetadata(metadata)],
  });

export const connectTransport: OpenTransport = (address, metadata) =>
  createConnectTransport({
    baseUrl: `http://${address}`,
    httpVersion: "2",
    useBinaryFormat: true,
    interceptors: [withMetadata(metadata)],
  });

export const connectJsonTransport: OpenTransport = (address, metadata) =>
  createConnectTransport({
    baseUrl: `http://${address}`,
    httpVersion: "2",
    useBinaryFormat: false,
    interceptors: [withMetadata(metadata)],
  });

export const grpcWebTransport: OpenTransport = (address, metadata) =>
  createGrpcWebTransport({
    baseUrl: `http://${address}`,
    httpVersion: "2",
    interceptors: [withMetadata(metadata)],
  });

/** A client that acts for a tenant in dev mode; "*" is the operator. */
export function clientOf(
  address: string,
  tenantId: string,
  open: OpenTransport = grpcTransport,
): EventStoreClient {
  return createClient(EventStore, open(address, { "x-tenant-id": tenantId }));
}

function withMetadata(metadata: Record<string, string>): Interceptor {
  return (next) => (request) => {
    for (const [key, value] of Object.entries(metadata)) request.header.set(key, value);
    return next(request);
  };
}

/** A message as a plain object: what a test writes down and takes apart again. */
export type Plain<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, Message>;

type EventInit = Plain<typeof NewEventSchema>;
type ExpectedInit = Plain<typeof ExpectedVersionSchema>;

const empty = create(EmptySchema);
export const any: ExpectedInit = { kind: { case: "any", value: empty } };
export const noStream: ExpectedInit = { kind: { case: "noStream", value: empty } };
export const streamExists: ExpectedInit = { kind: { case: "streamExists", value: empty } };
export const exactly = (version: bigint): ExpectedInit => ({
  kind: { case: "exactly", value: version },
});

/** An event that is as small as may be; `init` fills in more. */
export function newEvent(init: EventInit = {}): EventInit {
  return { eventId: randomUUID(), eventType: "OrderPlaced", ...init };
}

/** An append of `events` to Order `id`. */
export function appendTo(
  id: string,
  expectedVersion: ExpectedInit = any,
  events: EventInit[] = [newEvent()],
): Plain<typeof AppendRequestSchema> {
  return { stream: { aggregateType: "Order", aggregateId: id }, expectedVersion, events };
}

/** All events of a ReadAll. */
export async function readAll(
  client: EventStoreClient,
  request: Plain<typeof ReadAllRequestSchema> = {},
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const { answer } of client.readAll(request)) {
    if (answer.case === "page") events.push(...answer.value.events);
  }
  return events;
}

/** All events of a Read. */
export async function read(
  client: EventStoreClient,
  request: Plain<typeof ReadRequestSchema>,
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const { answer } of client.read(request)) {
    if (answer.case === "page") events.push(...answer.value.events);
  }
  return events;
}

/** The code and the typed detail that a call fails with; the test fails if the call does not. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ code: string; detail: ErrorDetail; message: string }> {
  const error: unknown = await call.then(
    () => expect.fail("the call was expected to fail"),
    (reason: unknown) => reason,
  );
  const connectError = ConnectError.from(error);
  const [detail] = connectError.findDetails(ErrorDetailSchema);
  if (!detail) throw new Error(`no typed detail: ${connectError.message}`, { cause: error });
  return { code: Code[connectError.code], detail, message: connectError.rawMessage };
}
