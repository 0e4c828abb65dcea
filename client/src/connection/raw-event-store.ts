import { clone, create, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { RecordedEvent } from "@annals/proto/annals/v1/event";
import { EventStore, file_annals_v1_event_store } from "@annals/proto/annals/v1/event_store";

// On the wire a message is its bytes, after their length: a field of events can be read as one of bytes.
// The SDK reads the event store's answers in this way, and decodes each event by itself, in time for its
// handler and three times as fast as by way of a general message.

/** A value of the contract whose events are left as bytes. */
export type RawEvents<T> = T extends RecordedEvent
  ? Uint8Array
  : T extends Uint8Array
    ? T
    : T extends object
      ? { [Key in keyof T]: RawEvents<T[Key]> }
      : T;

type RawMethod<Method> = Method extends (
  request: infer Request,
  options?: infer Options,
) => AsyncIterable<infer Answer>
  ? (request: Request, options?: Options) => AsyncIterable<RawEvents<Answer>>
  : Method extends (request: infer Request, options?: infer Options) => Promise<infer Answer>
    ? (request: Request, options?: Options) => Promise<RawEvents<Answer>>
    : never;

/** A client of the event store's reads, whose answers have events as bytes. */
export type RawReads = {
  [
    Method in "read" | "readAll" | "getEventsByType" | "getEvent" | "getStream" | "getHead"
  ]: RawMethod<Client<typeof EventStore>[Method]>;
};

/** The service with events as bytes. Its client is a `RawReads`, which its type cannot say. */
export function rawEventStore(): typeof EventStore {
  const file = withDependencies(file_annals_v1_event_store).map(withRawEvents);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  return registry.getService(EventStore.typeName) as typeof EventStore;
}

/** Files, each behind those it imports. */
function withDependencies(file: DescFile, found = new Set<DescFile>()): DescFile[] {
  for (const dependency of file.dependencies) withDependencies(dependency, found);
  found.add(file);
  return [...found];
}

function withRawEvents({ proto }: DescFile): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, proto);
  for (const field of copy.messageType.flatMap((message) => message.field)) {
    if (field.typeName !== ".annals.v1.RecordedEvent") continue;
    field.type = FieldDescriptorProto_Type.BYTES;
    field.typeName = "";
  }
  return copy;
}
