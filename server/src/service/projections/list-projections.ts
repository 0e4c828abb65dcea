import type { KeptProjection, ProjectionOwner } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { listRecords, type Page } from "./list-records.js";
import { projectionsCollection, toKeptProjection } from "./projection-record.js";

/** One page of the projections after a name; "" for the first page. */
export function listProjections(
  context: ServiceContext,
  owner: ProjectionOwner,
  after: string,
  maxRecords: number,
  options?: ReadOptions,
): Promise<Page<KeptProjection>> {
  const query = { owner, collection: projectionsCollection, after, maxRecords };
  return listRecords(context, query, toKeptProjection, options);
}
