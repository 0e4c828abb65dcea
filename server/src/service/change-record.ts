import { AnnalsError } from "../domain/error.js";
import type { RecordKey, StoredRecord } from "../store/record-store.js";
import type { ReadOptions } from "../store/store.js";
import type { ServiceContext } from "./context.js";

/** What is to become of a record. */
export interface RecordChange<Result> {
  /** undefined: it stays as it is. */
  readonly value: Uint8Array | undefined;
  /** What the change answers once it is made. */
  readonly result: Result;
}

const maxAttempts = 10;

/**
 * Changes a record by what it is; anew when another changed it meanwhile.
 *
 * @throws AnnalsError unavailable when others change it all the time, and what `change` throws
 */
export async function changeRecord<Result>(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  key: RecordKey,
  change: (kept: StoredRecord | undefined) => RecordChange<Result> | Promise<RecordChange<Result>>,
  options?: ReadOptions,
): Promise<Result> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const kept = await store.records.get(key, options);
    const { value, result } = await change(kept);
    if (!value) return result;
    const outcome = await store.records.put(key, value, kept?.revision ?? 0n, clock());
    if (outcome.ok) return result;
  }
  throw new AnnalsError({
    reason: "unavailable",
    description: "others are changing the same all the time",
    outcomeUnknown: false,
    retryAfterMs: 100,
  });
}
