import type { Instant } from "../domain/instant.js";
import type { TenantId } from "../domain/tenant.js";
import type { ReadOptions } from "./read-options.js";

/**
 * Part of THE PORT: small named values beside the log, such as snapshots, checkpoints and tenants'
 * settings. Each has a revision, so that who writes can say what it wrote over. On disk before the
 * answer. All inputs are valid: the edge has checked them.
 */
export interface RecordStore {
  get(key: RecordKey, options?: ReadOptions): Promise<StoredRecord | undefined>;

  /**
   * Writes a record, if it is at the expected revision.
   *
   * @param expected undefined: any; 0n: there is none yet
   * @param now what updatedAt is set to
   */
  put(
    key: RecordKey,
    value: Uint8Array,
    expected: bigint | undefined,
    now: Instant,
  ): Promise<PutOutcome>;

  /** Deletes a record, if there is one. A later one of this name begins at revision 1 again. */
  delete(key: RecordKey): Promise<void>;

  /** Records of one collection, ordered by the bytes of their names' UTF-8. */
  list(query: RecordQuery, options?: ReadOptions): Promise<readonly StoredRecord[]>;
}

/** Whose records: a tenant's, or the operator's. */
export type RecordOwner = TenantId | "operator";

/** Names a record. */
export interface RecordKey {
  readonly owner: RecordOwner;
  /** What kind of record, and of what: "snapshots/Order". Text as a name. */
  readonly collection: string;
  /** Well-formed text without NUL, 1 to 1,024 bytes of UTF-8. */
  readonly name: string;
}

export interface StoredRecord {
  readonly name: string;
  readonly value: Uint8Array;
  /** 1 when it is first written, and one more each time. */
  readonly revision: bigint;
  readonly updatedAt: Instant;
}

/** How a put went. */
export type PutOutcome =
  | { readonly ok: true; readonly revision: bigint }
  /** Nothing was written; `actual` is the revision that the record has, 0n when there is none. */
  | { readonly ok: false; readonly actual: bigint };

export interface RecordQuery {
  readonly owner: RecordOwner;
  readonly collection: string;
  /** Exclusive; empty: from the first. */
  readonly after: string;
  /** 1 or more. */
  readonly maxRecords: number;
}
