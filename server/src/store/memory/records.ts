import type { PutOutcome, RecordKey, RecordStore, StoredRecord } from "../record-store.js";

/** Records in this process's memory. */
export function createMemoryRecords(): RecordStore {
  const collections = new Map<string, Map<string, StoredRecord>>();
  const collectionOf = ({
    owner,
    collection,
  }: Pick<RecordKey, "owner" | "collection">): Map<string, StoredRecord> => {
    const key = `${owner}\0${collection}`;
    let records = collections.get(key);
    if (!records) collections.set(key, (records = new Map<string, StoredRecord>()));
    return records;
  };
  const put: RecordStore["put"] = (key, value, expected, now) => {
    const records = collectionOf(key);
    const actual = records.get(key.name)?.revision ?? 0n;
    const outcome: PutOutcome =
      expected === undefined || expected === actual
        ? { ok: true, revision: actual + 1n }
        : { ok: false, actual };
    if (outcome.ok) {
      const { revision } = outcome;
      records.set(key.name, { name: key.name, value: value.slice(), revision, updatedAt: now });
    }
    return Promise.resolve(outcome);
  };
  return {
    get: (key) => Promise.resolve(collectionOf(key).get(key.name)),
    put,
    delete: (key) => {
      collectionOf(key).delete(key.name);
      return Promise.resolve();
    },
    list: (query) =>
      Promise.resolve(
        [...collectionOf(query).values()]
          .filter(({ name }) => compare(name, query.after) > 0)
          .sort((a, b) => compare(a.name, b.name))
          .slice(0, query.maxRecords),
      ),
  };
}

/** By the bytes of their UTF-8. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
