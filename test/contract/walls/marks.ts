import { randomBytes } from "node:crypto";
import type { NewEvent } from "#server/domain/event.js";
import type { StreamId } from "#server/domain/stream.js";
import type { TenantId } from "#server/domain/tenant.js";
import { newTenant } from "../../support/store-input.js";

/** How many streams, and event ids, each tenant has of its own, and how many names all have in common. */
export const names = 2;

/** The parts of what a tenant writes that carry a mark of their own. */
const markedParts = [
  "aggregateType",
  "aggregateId",
  "eventType",
  "data",
  "contentType",
  "metadataKey",
  "metadataValue",
  "correlation",
  "causation",
  "tag",
  "snapshot",
  "projection",
  "place",
  "deadLetter",
  "displayName",
  "feature",
] as const;

/** A tenant that can be told by every part of what it writes. */
export interface MarkedTenant {
  readonly tenantId: TenantId;
  readonly marks: Readonly<Record<(typeof markedParts)[number], string>>;
  /** What all its own event ids begin with. */
  readonly idPrefix: string;
}

export function newMarkedTenant(): MarkedTenant {
  const mark = (part: string) => [part, `${part}${randomBytes(8).toString("hex")}`];
  return {
    tenantId: newTenant(),
    marks: Object.fromEntries(markedParts.map(mark)) as MarkedTenant["marks"],
    idPrefix: `${randomBytes(4).toString("hex")}-${randomBytes(2).toString("hex")}`,
  };
}

/** One of a tenant's own streams. */
export function streamOf({ marks }: MarkedTenant, n: number): StreamId {
  const { aggregateType, aggregateId } = marks;
  return { aggregateType, aggregateId: `${aggregateId}-${String(n)}` };
}

/** One of a tenant's own event ids; of no tenant: an id that all have in common. */
export function eventIdOf(tenant: MarkedTenant | undefined, n: number): string {
  const prefix = tenant?.idPrefix ?? "00000000-0000";
  return `${prefix}-4000-8000-${String(n).padStart(12, "0")}`;
}

/** An event whose every part says whose it is. */
export function markedEvent({ marks }: MarkedTenant, eventId: string): NewEvent {
  return {
    eventId,
    eventType: marks.eventType,
    occurredAt: undefined,
    data: Buffer.from(marks.data),
    contentType: marks.contentType,
    metadata: { [marks.metadataKey]: marks.metadataValue },
    correlationId: marks.correlation,
    causationId: marks.causation,
    tags: [marks.tag],
  };
}

/**
 * The marks of other tenants in an answer, but for those that its request names: an error may repeat
 * what it was asked.
 */
export function foreignMarks(
  answer: Buffer,
  request: Buffer,
  others: readonly MarkedTenant[],
): string[] {
  const marks = others.flatMap(({ tenantId, idPrefix, marks }) => [
    Buffer.from(tenantId),
    Buffer.from(tenantId.replaceAll("-", "")),
    Buffer.from(tenantId.replaceAll("-", ""), "hex"),
    Buffer.from(idPrefix),
    ...Object.values(marks).map((mark) => Buffer.from(mark)),
  ]);
  return marks
    .filter((mark) => answer.includes(mark) && !request.includes(mark))
    .map((mark) => mark.toString("latin1"));
}
