import type { z } from "zod";
import { AnnalsError } from "../connection/errors.js";
import type { DomainEvent, EventOptions, NewEvent } from "./domain-event.js";
import { currentEventContext } from "./event-context.js";
import { toJson } from "./json.js";
import { parseData } from "./parse-data.js";
import { createUuidV7 } from "./uuid-v7.js";

/** A kind of event: its name, whose it is, and what its data is. */
export interface EventDefinition<
  Type extends string = string,
  Schema extends z.ZodType = z.ZodType,
> {
  readonly type: Type;
  readonly aggregateType: string;
  /** What the data is once it has been JSON. */
  readonly schema: Schema;
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
}

/** The events of a definition, as readers get them. */
export type EventOf<Definition extends EventDefinition> =
  Definition extends EventDefinition<infer Type, infer Schema>
    ? DomainEvent<Type, z.output<Schema>>
    : never;

/**
 * Defines a kind of event.
 *
 * @example
 * const OrderPlaced = defineEvent({
 *   type: "OrderPlaced",
 *   aggregateType: "Order",
 *   schema: z.object({ customerName: z.string(), totalAmount: z.number() }),
 * });
 */
export function defineEvent<const Type extends string, Schema extends z.ZodType>(definition: {
  readonly type: Type;
  readonly aggregateType: string;
  readonly schema: Schema;
}): EventDefinition<Type, Schema> {
  const { type, aggregateType, schema } = definition;
  return Object.freeze({
    type,
    aggregateType,
    schema,
    create(data: z.input<Schema>, options: EventOptions = {}): NewEvent<Type, z.output<Schema>> {
      const given = jsonOf(type, data);
      // What readers will see is what is checked: a value that JSON would change is found here.
      const parsed = parseData(schema, JSON.parse(given));
      if (!parsed.ok) throw invalidData(type, parsed.problem, parsed.cause);
      const occurredAt = new Date(options.occurredAt ?? Date.now());
      if (Number.isNaN(occurredAt.getTime())) {
        const problem = "occurredAt is an invalid Date";
        throw new AnnalsError("invalid_event", `${type}: ${problem}`, { eventType: type, problem });
      }
      const context = currentEventContext();
      return Object.freeze({
        eventId: options.eventId ?? createUuidV7(),
        eventType: type,
        aggregateType,
        occurredAt,
        data: parsed.data,
        payload: new TextEncoder().encode(storedJson(schema, given, parsed.data)),
        metadata: Object.freeze({ ...context.metadata, ...options.metadata }),
        correlationId: options.correlationId ?? context.correlationId,
        causationId: options.causationId ?? context.causationId,
        tags: Object.freeze([...(options.tags ?? [])]),
      });
    },
  });
}

function jsonOf(type: string, data: unknown): string {
  try {
    return toJson(data);
  } catch (cause) {
    throw invalidData(type, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The schema's output, where the schema reads it back as the same; else what was given. */
function storedJson(schema: z.ZodType, given: string, data: unknown): string {
  try {
    const json = toJson(data);
    if (json === given) return given;
    const again = parseData(schema, JSON.parse(json));
    return again.ok && toJson(again.data) === json ? json : given;
  } catch {
    return given; // the output is no JSON, for example a Map
  }
}

function invalidData(eventType: string, problem: string, cause: unknown): AnnalsError {
  const message = `data of ${eventType}: ${problem}`;
  return new AnnalsError("invalid_event_data", message, { eventType, problem }, { cause });
}
