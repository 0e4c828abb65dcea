import type { DescMessage } from "@bufbuild/protobuf";
import type { z } from "zod";
import { AnnalsError } from "../connection/errors.js";
import { formatContentType, parseContentType } from "./content-type.js";
import type { DataCodec } from "./data-codec.js";
import type { DomainEvent, EventOptions, NewEvent } from "./domain-event.js";
import { currentEventContext } from "./event-context.js";
import { currentEventSources } from "./event-sources.js";
import { createJsonCodec } from "./json-codec.js";
import { createMessageSchema, createProtobufCodec, type MessageSchema } from "./protobuf-codec.js";
import { decodeStored, type DecodedData, type StoredData } from "./stored-data.js";
import { assertUpcasters, type Upcasters } from "./upcasters.js";

/** A kind of event: its name, whose it is, and what its data is. */
export interface EventDefinition<
  Type extends string = string,
  Schema extends z.ZodType = z.ZodType,
> {
  readonly type: Type;
  readonly aggregateType: string;
  /** What the data is once it has been JSON; for protobuf, what makes a message, and the message. */
  readonly schema: Schema;
  /** Version of the data's shape, in which `create` writes: 1 or more. */
  readonly version: number;
  /** How `create` writes: `application/json`, or `application/protobuf; message=...; version=2`. */
  readonly contentType: string;
  /**
   * Makes an event of this kind, with an id of its own. Its data is what the schema makes of it,
   * and what every reader gets: defaults are filled in for good, keys that the schema does not name
   * are left out. Only a schema that cannot read its own output (a one-way transform) has its input
   * stored instead.
   *
   * @throws AnnalsError invalid_event_data when the data, made JSON and back, does not fit the
   *   schema, or would lose something as JSON (a bigint, NaN, a Map); invalid_event for an
   *   occurredAt that is no time. Nothing was sent.
   */
  create(data: z.input<Schema>, options?: EventOptions): NewEvent<Type, z.output<Schema>>;
  /** Reads what is stored, through upcasters where it is of an older version. It throws nothing. */
  decode(stored: StoredData): DecodedData<z.output<Schema>>;
}

/** The events of a definition, as readers get them. */
export type EventOf<Definition extends EventDefinition> =
  Definition extends EventDefinition<infer Type, infer Schema>
    ? DomainEvent<Type, z.output<Schema>>
    : never;

/** What every kind of event says of itself. */
interface EventNames<Type extends string> {
  readonly type: Type;
  readonly aggregateType: string;
  /**
   * Version of the data's shape, a whole number: raised by one with each change that older data
   * does not fit. It is kept in the event's content type, where none means 1. Default: 1.
   */
  readonly version?: number;
  /** From each older version to the next one. Default: none, for version 1. */
  readonly upcasters?: Upcasters;
}

/**
 * Defines a kind of event: its data JSON that fits a zod schema, or a protobuf message.
 *
 * @throws AnnalsError invalid_options when an older version has no upcaster
 * @example
 * const OrderPlaced = defineEvent({
 *   type: "OrderPlaced",
 *   aggregateType: "Order",
 *   schema: z.object({ customerName: z.string(), totalAmount: z.number() }),
 * });
 */
export function defineEvent<const Type extends string, Schema extends z.ZodType>(
  definition: EventNames<Type> & { readonly schema: Schema },
): EventDefinition<Type, Schema>;
export function defineEvent<const Type extends string, Desc extends DescMessage>(
  definition: EventNames<Type> & {
    /** The generated descriptor, for example `OrderPlacedSchema`. */
    readonly message: Desc;
  },
): EventDefinition<Type, MessageSchema<Desc>>;
export function defineEvent(
  definition: EventNames<string> &
    ({ readonly schema: z.ZodType } | { readonly message: DescMessage }),
): EventDefinition {
  if ("schema" in definition) {
    const { schema } = definition;
    return makeDefinition(definition, schema, createJsonCodec(schema));
  }
  const { message } = definition;
  return makeDefinition(definition, createMessageSchema(message), createProtobufCodec(message));
}

function makeDefinition<Schema extends z.ZodType>(
  { type, aggregateType, version = 1, upcasters = {} }: EventNames<string>,
  schema: Schema,
  codec: DataCodec<Schema>,
): EventDefinition<string, Schema> {
  assertUpcasters(type, version, upcasters);
  const contentType = formatContentType(codec.mediaType, version);
  const current = { text: contentType, parsed: parseContentType(contentType) };
  return Object.freeze({
    ...{ type, aggregateType, schema, version, contentType },
    create(given: z.input<Schema>, options: EventOptions = {}): NewEvent<string, z.output<Schema>> {
      const encoded = codec.encode(given);
      if (!encoded.ok) throw invalidData(type, encoded.problem, encoded.cause);
      const sources = currentEventSources();
      const occurredAt = new Date(options.occurredAt ?? sources.now());
      if (Number.isNaN(occurredAt.getTime())) {
        const problem = "occurredAt is an invalid Date";
        throw new AnnalsError("invalid_event", `${type}: ${problem}`, { eventType: type, problem });
      }
      const context = currentEventContext();
      return Object.freeze({
        eventId: options.eventId ?? sources.newEventId(),
        eventType: type,
        aggregateType,
        occurredAt,
        data: encoded.data.data,
        payload: encoded.data.payload,
        contentType,
        metadata: Object.freeze({ ...context.metadata, ...options.metadata }),
        correlationId: options.correlationId ?? context.correlationId,
        causationId: options.causationId ?? context.causationId,
        tags: Object.freeze([...(options.tags ?? [])]),
      });
    },
    decode: (stored: StoredData) => decodeStored(stored, codec, { version, upcasters, current }),
  });
}

function invalidData(eventType: string, problem: string, cause: unknown): AnnalsError {
  const message = `data of ${eventType}: ${problem}`;
  return new AnnalsError("invalid_event_data", message, { eventType, problem }, { cause });
}
