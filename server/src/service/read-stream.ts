import type { RecordedEvent } from "../domain/event.js";
import type { StreamId, StreamInfo } from "../domain/stream.js";
import type { TenantId } from "../domain/tenant.js";
import { readStreamPages, type StreamRange } from "../reader/read-stream.js";
import type { ServiceContext } from "./context.js";
import { getStream } from "./get-stream.js";
import { observed } from "./observed.js";
import { pagesOf } from "./pages-of.js";

/** A read of one stream: what it was when the read began, and its events since then in pages. */
export interface StreamReading {
  readonly info: StreamInfo;
  readonly pages: AsyncIterable<readonly RecordedEvent[]>;
}

/**
 * Reads one of the tenant's streams, up to the version it had when the read began.
 *
 * @throws AnnalsError stream_not_found; foreign_stream, where those are denied
 */
export async function readStream(
  context: ServiceContext,
  tenantId: TenantId,
  stream: StreamId,
  range: StreamRange,
  signal?: AbortSignal,
): Promise<StreamReading> {
  const info = await getStream(context, tenantId, stream, signal && { signal });
  const toVersion = range.toVersion < info.version ? range.toVersion : info.version;
  const { store } = context;
  const bounds = pagesOf(context, tenantId);
  const pages = readStreamPages(store, tenantId, stream, { ...range, toVersion }, bounds, signal);
  return { info, pages: observed(context, pages, (events) => events.length) };
}
