import { AnnalsError } from "../domain/error.js";
import type { StreamId, StreamInfo } from "../domain/stream.js";
import type { TenantId } from "../domain/tenant.js";
import type { ReadOptions } from "../store/store.js";
import type { ServiceContext } from "./context.js";

/**
 * What is known of one of the tenant's streams.
 *
 * @throws AnnalsError stream_not_found; foreign_stream, where those are denied
 */
export async function getStream(
  { store, foreignStreams }: ServiceContext,
  tenantId: TenantId,
  stream: StreamId,
  options?: ReadOptions,
): Promise<StreamInfo> {
  const info = await store.getStream(tenantId, stream, options);
  if (info) return info;
  const foreign = await store.isForeignStream(tenantId, stream, options);
  if (foreign && foreignStreams === "deny") {
    throw new AnnalsError({ reason: "foreign_stream", stream });
  }
  throw new AnnalsError({ reason: "stream_not_found", stream, foreign });
}
