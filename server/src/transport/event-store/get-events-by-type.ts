import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetEventsByTypeRequest,
  GetEventsByTypeResponseSchema,
} from "@annals/proto/annals/v1/event_store";
import { noFilter } from "../../domain/filter.js";
import { limits } from "../../domain/limits.js";
import { parseName } from "../../domain/name.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { tenantLimits } from "../../domain/tenant-settings.js";
import { pagesOf } from "../../service/pages-of.js";
import { getEventsByType } from "../../service/get-events-by-type.js";
import { parseNames } from "../codec/filter.js";
import { assertCount } from "../codec/new-event.js";
import { parsePageToken, toPageToken } from "../codec/page-token.js";
import { toRecordedEvent } from "../codec/recorded-event.js";
import { parseOptionalTimestamp } from "../codec/timestamp.js";

const defaultPageSize = 100;

/** EventStore/GetEventsByType. */
export function getEventsByTypeRpc(
  context: ServiceContext,
): (
  request: GetEventsByTypeRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetEventsByTypeResponseSchema>> {
  return async (request, call) => {
    assertCount(request.pageSize, "page_events", limits.pageEvents, "page_size");
    const { maxEvents } = pagesOf(context, tenantOf(call));
    assertCount(request.pageSize, tenantLimits.pageEvents.name, maxEvents, "page_size");
    const filter = {
      ...noFilter,
      aggregateTypes: [parseName(request.aggregateType, "aggregate_type")],
      eventTypes: parseNames(request.eventTypes, "event_types"),
      recordedFrom: parseOptionalTimestamp(request.recordedFrom, "recorded_from"),
      recordedBefore: parseOptionalTimestamp(request.recordedBefore, "recorded_before"),
    };
    const { events, next } = await getEventsByType(
      context,
      tenantOf(call),
      filter,
      parsePageToken(request.pageToken, "page_token"),
      request.pageSize || Math.min(defaultPageSize, maxEvents),
      call.signal,
    );
    return {
      events: events.map(toRecordedEvent),
      nextPageToken: next === undefined ? "" : toPageToken(next),
    };
  };
}
