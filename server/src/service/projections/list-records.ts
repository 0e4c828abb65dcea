import type { RecordQuery, StoredRecord } from "../../store/record-store.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts, exclusive; undefined when there is none. */
  readonly next: string | undefined;
}

/** One page of a collection of records. */
export async function listRecords<Item>(
  { store }: ServiceContext,
  query: RecordQuery,
  read: (record: StoredRecord) => Item,
  options?: ReadOptions,
): Promise<Page<Item>> {
  const { maxRecords } = query;
  const records = await store.records.list({ ...query, maxRecords: maxRecords + 1 }, options);
  const page = records.slice(0, maxRecords);
  return {
    items: page.map(read),
    next: records.length > maxRecords ? page.at(-1)?.name : undefined,
  };
}
