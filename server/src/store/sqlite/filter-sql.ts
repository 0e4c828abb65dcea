import type { EventFilter } from "../../domain/filter.js";

/** Conditions and the values bound to them. Times are not among them: see cutToTime. */
export interface FilterSql {
  /** Each begins with " AND ". */
  readonly conditions: string;
  readonly values: readonly string[];
}

/**
 * A filter as SQL: one text for each shape of filter, lists bound as JSON arrays, so that no value
 * is ever part of the text. The meaning is matchesFilter's.
 */
export function toFilterSql(filter: EventFilter): FilterSql {
  let conditions = "";
  const values: string[] = [];
  const add = (condition: string, ...bound: string[]): void => {
    conditions += ` AND ${condition}`;
    values.push(...bound);
  };
  const { tenantIds, aggregateTypes, aggregateIds, eventTypes, eventTypePrefixes, tags } = filter;
  if (tenantIds.length > 0) {
    add(
      "tenant_no IN (SELECT tenant_no FROM tenants WHERE tenant_id IN (SELECT value FROM json_each(?)))",
      JSON.stringify(tenantIds),
    );
  }
  const [onlyType] = aggregateTypes;
  if (aggregateTypes.length === 1 && onlyType !== undefined) add("aggregate_type = ?", onlyType);
  else if (aggregateTypes.length > 1) add(anyOf("aggregate_type"), JSON.stringify(aggregateTypes));
  if (aggregateIds.length > 0) add(anyOf("aggregate_id"), JSON.stringify(aggregateIds));
  if (eventTypes.length > 0 || eventTypePrefixes.length > 0) {
    add(
      `(${anyOf("event_type")} OR EXISTS (SELECT 1 FROM json_each(?) WHERE substr(event_type, 1, length(value)) = value))`,
      JSON.stringify(eventTypes),
      JSON.stringify(eventTypePrefixes),
    );
  }
  if (tags.length > 0) {
    add(
      "NOT EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE wanted.value NOT IN (SELECT value FROM json_each(tags)))",
      JSON.stringify(tags),
    );
  }
  return { conditions, values };
}

function anyOf(column: string): string {
  return `${column} IN (SELECT value FROM json_each(?))`;
}
