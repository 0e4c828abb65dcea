import type { NewEvent as ProtoNewEvent } from "@annals/proto/annals/v1/event";
import { AnnalsError, invalidArgument } from "../../domain/error.js";
import type { NewEvent } from "../../domain/event.js";
import { limits } from "../../domain/limits.js";
import { parseName, parseOptionalName, parseText } from "../../domain/name.js";
import { createUuidV7, isUuid } from "../../domain/uuid.js";
import { parseOptionalTimestamp } from "./timestamp.js";

const defaultContentType = "application/json";

/** @throws AnnalsError invalid_argument or limit_exceeded, with the path of the field below `field` */
export function parseNewEvent(event: ProtoNewEvent, field: string): NewEvent {
  return {
    eventId: parseEventId(event.eventId, `${field}.event_id`),
    eventType: parseName(event.eventType, `${field}.event_type`),
    occurredAt: parseOptionalTimestamp(event.occurredAt, `${field}.occurred_at`),
    data: event.data,
    contentType:
      parseOptionalName(event.contentType, `${field}.content_type`) || defaultContentType,
    metadata: parseMetadata(event.metadata, `${field}.metadata`),
    correlationId: parseOptionalName(event.correlationId, `${field}.correlation_id`),
    causationId: parseOptionalName(event.causationId, `${field}.causation_id`),
    tags: parseTags(event.tags, `${field}.tags`),
  };
}

function parseEventId(id: string, field: string): string {
  if (id === "") return createUuidV7(Date.now());
  if (!isUuid(id)) throw invalidArgument(field, "must be a UUID");
  return id.toLowerCase();
}

function parseMetadata(
  metadata: Readonly<Record<string, string>>,
  field: string,
): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return metadata;
  assertCount(entries.length, "metadata_keys", limits.metadataKeys, field);
  for (const [key, value] of entries) {
    parseName(key, `${field} key`);
    parseText(value, `${field}[${JSON.stringify(key)}]`);
  }
  return metadata;
}

/** @throws AnnalsError invalid_argument or limit_exceeded */
export function parseTags(tags: readonly string[], field: string): readonly string[] {
  if (tags.length === 0) return tags;
  assertCount(tags.length, "tags", limits.tags, field);
  const seen = new Set<string>();
  return tags.map((tag, i) => {
    if (seen.has(tag)) throw invalidArgument(`${field}[${i}]`, "stands in this list already");
    seen.add(tag);
    return parseName(tag, `${field}[${i}]`);
  });
}

/** @throws AnnalsError limit_exceeded when a list is too long */
export function assertCount(actual: number, limit: string, maximum: number, field: string): void {
  if (actual > maximum) {
    throw new AnnalsError({ reason: "limit_exceeded", limit, maximum, actual, field });
  }
}
