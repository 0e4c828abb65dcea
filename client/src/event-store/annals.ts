import { streamsRequests } from "#platform";
import { Scope } from "@annals/proto/annals/v1/event_store";
import { type CallOptions, Connection, type ConnectionOptions } from "../connection/connection.js";
import { AnnalsError } from "../connection/errors.js";
import type { EventDefinition, EventOf } from "../events/define-event.js";
import type { DomainEvent } from "../events/domain-event.js";
import { EventRegistry } from "../events/registry.js";
import type { EventsRead, UnknownEvents } from "../events/unknown-events.js";
import { append, type AppendRequest, type AppendResult, type StreamId } from "./append.js";
import { AppendPipelines } from "./append-pipelines.js";
import { toDate, toDomainEvent } from "./codec.js";
import { EventDecoder } from "./decode-event.js";
import { EventStream, type UndecodedPage } from "./event-stream.js";
import { type EventsByTypeOptions, eventsByTypePages } from "./get-events-by-type.js";
import { Projections } from "./projections.js";
import { type ReadOptions, readPages } from "./read.js";
import { type ReadAllOptions, readAllPages } from "./read-all.js";
import { getServerInfo, type ServerInfo } from "./server-info.js";
import { Snapshots } from "./snapshots.js";
import { subscribe, type SubscribeOptions } from "./subscribe.js";
import { Tenants } from "./tenants.js";
import { toProtoStream, toWireString } from "./wire-values.js";

/** How to reach a server, and what its events are. */
export interface ConnectOptions<
  Definitions extends readonly EventDefinition[] = readonly EventDefinition[],
> extends ConnectionOptions {
  /** Definitions by which data is validated when it is read, and typed. Default: none. */
  readonly events?: Definitions;
  /**
   * How appends are sent. `pipelined`: over one call for each credential, up to 256 in flight; when the
   * connection is lost they are sent again with the same event ids, until their time is up. `unary`:
   * each by a call of its own. Default: `pipelined`; in browsers, which cannot, `unary`.
   */
  readonly appends?: "unary" | "pipelined";
}

/** What is known of a stream without reading it. */
export interface StreamInfo {
  /** Version of the last event. */
  readonly version: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Where a log ends. */
export interface LogHead {
  /** Tenant scope: the last position; 0n for an empty log, and in the all-tenants scope. */
  readonly position: bigint;
  /** All-tenants scope: the cursor of the last event; empty otherwise. */
  readonly cursor: string;
  /** All-tenants scope: how many events there are; 0n otherwise. */
  readonly globalPosition: bigint;
  /** When the last event was recorded; undefined for an empty log. */
  readonly recordedAt: Date | undefined;
}

/** The events of definitions; without definitions, any. */
export type KnownEvents<Definitions extends readonly EventDefinition[]> =
  Definitions extends readonly [] ? DomainEvent : EventOf<Definitions[number]>;

/** Opens a client. Nothing is sent until it is used. @throws AnnalsError invalid_options */
export function connect<const Definitions extends readonly EventDefinition[] = []>(
  options: ConnectOptions<Definitions>,
): Annals<KnownEvents<Definitions>> {
  const connection = new Connection(options);
  const { appends = streamsRequests() ? "pipelined" : "unary" } = options;
  const pipelines = appends === "pipelined" ? new AppendPipelines(connection) : undefined;
  return new Annals(connection, new EventRegistry(options.events ?? []), pipelines);
}

/**
 * A client of an event store, acting for the tenant of its credential. Every method throws
 * AnnalsError, and `closed` after `close`.
 *
 * `Known` is the union of the events that it has definitions of: their names narrow their data. With
 * `unknownEvents: "fail"` or `"skip"` readers get nothing else.
 */
export class Annals<Known extends DomainEvent = DomainEvent> implements AsyncDisposable {
  /** The operator's view of tenants, and a tenant's view of itself. */
  readonly tenants: Tenants;
  /** The latest snapshot of each stream. */
  readonly snapshots: Snapshots;
  /** Progress of projections, kept by the server. */
  readonly projections: Projections;

  /** @internal use `connect` */
  constructor(
    private readonly connection: Connection,
    private readonly registry: EventRegistry,
    private readonly pipelines: AppendPipelines | undefined,
  ) {
    this.tenants = new Tenants(connection);
    this.snapshots = new Snapshots(connection);
    this.projections = new Projections(connection);
  }

  /**
   * Writes events to one stream: all or none, on disk when it resolves. Appending the same events
   * again is safe: it answers the first result.
   *
   * @throws AnnalsError version_conflict, duplicate_event_id, limit_exceeded, invalid_argument;
   *   with `outcomeUnknown` the events may have been written: append the same again
   */
  append(request: AppendRequest, options?: CallOptions): Promise<AppendResult> {
    return append(this.connection, request, options, this.pipelines);
  }

  /** What the server is and can do. */
  serverInfo(options?: CallOptions): Promise<ServerInfo> {
    return getServerInfo(this.connection, options);
  }

  /**
   * One stream's events.
   *
   * @throws AnnalsError stream_not_found, foreign_stream, unreadable_event, unknown_event_type,
   *   unknown_event_version
   */
  read<Choice extends UnknownEvents = "json">(
    stream: StreamId,
    options?: ReadOptions & Chosen<Choice>,
  ): EventStream<EventsRead<Known, Choice>> {
    return typed(() => readPages(this.connection, this.registry, stream, options));
  }

  /**
   * A log's events, up to where it ends when the loop begins.
   *
   * @throws AnnalsError unreadable_event, unknown_event_type, unknown_event_version
   */
  readAll<Choice extends UnknownEvents = "json">(
    options?: ReadAllOptions & Chosen<Choice>,
  ): EventStream<EventsRead<Known, Choice>> {
    return typed(() => readAllPages(this.connection, this.registry, options));
  }

  /**
   * A log's events from a place on, and then live, for as long as the loop goes on: over lost
   * connections, restarts of the server and full queues, each event once and in order. Once it has
   * been connected, a provider of credentials that fails is asked again, too.
   *
   * @throws AnnalsError in the loop, what coming again does not mend: unauthenticated,
   *   permission_denied, invalid_argument, unreadable_event, unknown_event_type,
   *   unknown_event_version, closed
   */
  subscribe<Choice extends UnknownEvents = "json">(
    options: SubscribeOptions & Chosen<Choice> = {},
  ): EventStream<EventsRead<Known, Choice>> {
    return typed(() => subscribe(this.connection, this.registry, options));
  }

  /**
   * The tenant's events of one aggregate type, by position.
   *
   * @throws AnnalsError unreadable_event, unknown_event_type, unknown_event_version
   */
  getEventsByType<Choice extends UnknownEvents = "json">(
    aggregateType: string,
    options?: EventsByTypeOptions & Chosen<Choice>,
  ): EventStream<EventsRead<Known, Choice>> {
    return typed(() => eventsByTypePages(this.connection, this.registry, aggregateType, options));
  }

  /** The event with an id. @throws AnnalsError event_not_found */
  async getEvent(eventId: string, options?: CallOptions): Promise<DomainEvent> {
    const request = { eventId: toWireString("event_id", eventId) };
    const { event } = await this.connection.call(
      (client, call) => client.getEvent(request, call),
      options,
    );
    if (!event) throw new AnnalsError("internal", "the server answered no event", {});
    const decoded = new EventDecoder().decode(event);
    return toDomainEvent(decoded, undefined, this.registry.decode(decoded, "json"));
  }

  /** What is known of a stream. @throws AnnalsError stream_not_found, foreign_stream */
  async getStream(stream: StreamId, options?: CallOptions): Promise<StreamInfo> {
    const request = { stream: toProtoStream(stream) };
    const { stream: info } = await this.connection.call(
      (client, call) => client.getStream(request, call),
      options,
    );
    return {
      version: info?.aggregateVersion ?? 0n,
      createdAt: toDate(info?.createdAt),
      updatedAt: toDate(info?.updatedAt),
    };
  }

  /** Where a log ends now. */
  async getHead(
    options: CallOptions & { readonly scope?: "tenant" | "all-tenants" } = {},
  ): Promise<LogHead> {
    const scope = options.scope === "all-tenants" ? Scope.ALL_TENANTS : Scope.TENANT;
    const { head } = await this.connection.call(
      (client, call) => client.getHead({ scope }, call),
      options,
    );
    return {
      position: head?.position ?? 0n,
      cursor: head?.cursor ?? "",
      globalPosition: head?.globalPosition ?? 0n,
      recordedAt: head?.recordedAt && toDate(head.recordedAt),
    };
  }

  /** Ends every call and lets the process exit. Idempotent. */
  close(): Promise<void> {
    this.pipelines?.close();
    this.connection.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A reader's choice, which its events' type follows. */
interface Chosen<Choice extends UnknownEvents> {
  readonly unknownEvents?: Choice;
}

/** The registry gives what is defined its type, and the choice what is not. */
function typed<Event extends DomainEvent>(
  open: () => AsyncIterable<UndecodedPage>,
): EventStream<Event> {
  return new EventStream(open as () => AsyncIterable<UndecodedPage<Event>>);
}
