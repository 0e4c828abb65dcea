import { z } from "zod";
import { AnnalsError } from "../connection/errors.js";
import type { DomainEvent, EventOptions, NewEvent } from "./domain-event.js";
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
   * Makes an event of this kind, with an id of its own.
   *
   * @throws AnnalsError invalid_event_data when the data, made JSON and back, does not fit the schema
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
      const json = toJson(type, data);
      // What readers will see is what is checked: a value that JSON would change is found here.
      const parsed = schema.safeParse(JSON.parse(json));
      if (!parsed.success) throw invalidData(type, z.prettifyError(parsed.error));
      return Object.freeze({
        eventId: options.eventId ?? createUuidV7(),
        eventType: type,
        aggregateType,
        occurredAt: options.occurredAt ?? new Date(),
        data: parsed.data,
        payload: new TextEncoder().encode(json),
        metadata: Object.freeze({ ...options.metadata }),
        correlationId: options.correlationId,
        causationId: options.causationId,
        tags: Object.freeze([...(options.tags ?? [])]),
      });
    },
  });
}

function toJson(type: string, data: unknown): string {
  try {
    const json = JSON.stringify(data) as string | undefined;
    if (json !== undefined) return json;
  } catch (cause) {
    throw invalidData(type, `is not JSON: ${String(cause)}`, cause);
  }
  throw invalidData(type, "is not JSON");
}

function invalidData(eventType: string, problem: string, cause?: unknown): AnnalsError {
  const message = `data of ${eventType}: ${problem}`;
  return new AnnalsError("invalid_event_data", message, { eventType, problem }, { cause });
}
