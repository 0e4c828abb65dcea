import type { ProjectionOwner } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { deadLettersOf } from "./dead-letter-record.js";
import { projectionKey } from "./projection-record.js";

const atOnce = 100;

/** Forgets a projection: first that it is claimed, so that nobody adds what is then deleted. */
export async function deleteProjection(
  { store }: ServiceContext,
  owner: ProjectionOwner,
  name: string,
  options?: ReadOptions,
): Promise<void> {
  const { records } = store;
  await records.delete(projectionKey(owner, name));
  const collection = deadLettersOf(name);
  for (;;) {
    const some = await records.list({ owner, collection, after: "", maxRecords: atOnce }, options);
    for (const record of some) await records.delete({ owner, collection, name: record.name });
    if (some.length < atOnce) return;
  }
}
