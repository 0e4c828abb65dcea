import type { EventFilter } from "../../domain/filter.js";
import type { Parameters } from "./parameters.js";

/**
 * A filter as SQL conditions, each beginning with " AND ": one text for each shape of filter, so
 * that no value is ever part of the text. The meaning is matchesFilter's; times are not in it: see
 * cutToTime.
 */
export function toFilterSql(filter: EventFilter, parameters: Parameters): string {
  const { tenantIds, aggregateTypes, aggregateIds, eventTypes, eventTypePrefixes, tags } = filter;
  const texts = (values: readonly string[]): string => parameters.add(values, "text[]");
  const conditions: string[] = [];
  if (tenantIds.length > 0) {
    conditions.push(`tenant_id = ANY (${parameters.add(tenantIds, "uuid[]")})`);
  }
  const [onlyType] = aggregateTypes;
  if (aggregateTypes.length === 1 && onlyType !== undefined) {
    conditions.push(`aggregate_type = ${parameters.add(onlyType, "text")}`);
  } else if (aggregateTypes.length > 1) {
    conditions.push(`aggregate_type = ANY (${texts(aggregateTypes)})`);
  }
  if (aggregateIds.length > 0) conditions.push(`aggregate_id = ANY (${texts(aggregateIds)})`);
  const types: string[] = [];
  if (eventTypes.length > 0) types.push(`event_type = ANY (${texts(eventTypes)})`);
  if (eventTypePrefixes.length > 0) {
    types.push(
      `EXISTS (SELECT 1 FROM unnest(${texts(eventTypePrefixes)}) AS p (prefix) WHERE starts_with(event_type, prefix))`,
    );
  }
  if (types.length > 0) conditions.push(`(${types.join(" OR ")})`);
  if (tags.length > 0) conditions.push(`tags @> ${texts(tags)}`);
  return conditions.map((condition) => ` AND ${condition}`).join("");
}
