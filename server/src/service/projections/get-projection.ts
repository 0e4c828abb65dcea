import type { KeptProjection, ProjectionOwner } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { projectionKey, toKeptProjection } from "./projection-record.js";

/** A projection, if there is one. */
export async function getProjection(
  { store }: ServiceContext,
  owner: ProjectionOwner,
  name: string,
  options?: ReadOptions,
): Promise<KeptProjection | undefined> {
  const record = await store.records.get(projectionKey(owner, name), options);
  return record && toKeptProjection(record);
}
