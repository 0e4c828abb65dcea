import type { Filter } from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import { type EventFilter, noFilter } from "../../domain/filter.js";
import { limits } from "../../domain/limits.js";
import { parseName } from "../../domain/name.js";
import { assertCount, parseTags } from "./new-event.js";
import { isUuid } from "../../domain/uuid.js";
import { parseOptionalTimestamp } from "./timestamp.js";

/** @throws AnnalsError invalid_argument or limit_exceeded */
export function parseFilter(filter: Filter | undefined, field: string): EventFilter {
  if (!filter) return noFilter;
  return {
    aggregateTypes: parseNames(filter.aggregateTypes, `${field}.aggregate_types`),
    aggregateIds: parseNames(filter.aggregateIds, `${field}.aggregate_ids`),
    eventTypes: parseNames(filter.eventTypes, `${field}.event_types`),
    eventTypePrefixes: parseNames(filter.eventTypePrefixes, `${field}.event_type_prefixes`),
    tags: parseTags(filter.tags, `${field}.tags`),
    recordedFrom: parseOptionalTimestamp(filter.recordedFrom, `${field}.recorded_from`),
    tenantIds: parseTenantIds(filter.tenantIds, `${field}.tenant_ids`),
    recordedBefore: parseOptionalTimestamp(filter.recordedBefore, `${field}.recorded_before`),
  };
}

function parseTenantIds(ids: readonly string[], field: string): readonly string[] {
  assertCount(ids.length, "filter_values", limits.filterValues, field);
  return ids.map((id, i) => {
    if (!isUuid(id)) throw invalidArgument(`${field}[${i}]`, "must be a UUID");
    return id.toLowerCase();
  });
}

/** A list of names to match any of. */
export function parseNames(names: readonly string[], field: string): readonly string[] {
  assertCount(names.length, "filter_values", limits.filterValues, field);
  return names.map((name, i) => parseName(name, `${field}[${i}]`));
}
