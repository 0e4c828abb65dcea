import type { Clock } from "../domain/instant.js";
import type { CheckpointOptions } from "../reader/follow.js";
import type { Followers } from "../reader/followers.js";
import type { PageCache } from "../reader/page-cache.js";
import type { AppendOutcome, PageBounds, Store } from "../store/store.js";
import type { AppendQuota } from "../tenants/append-quota.js";
import type { TenantDirectory } from "../tenants/tenant-directory.js";
import type { Writer } from "../writer/writer.js";

/**
 * What a stream that exists only for another tenant answers: "deny" says that it belongs to a
 * different tenant (and nothing else of it), "hide" answers as if it did not exist.
 */
export type ForeignStreams = "deny" | "hide";

/** Told of what is done: what metrics are made of. */
export interface ServiceObserver {
  /** How an append ended, unary or pipelined. */
  readonly appendEnded: (outcome: AppendOutcome) => void;
  /** So many events were handed to a reader. */
  readonly eventsRead: (count: number) => void;
  /** So many bytes of events, counted by sizeOfEvent, were handed to a follower. */
  readonly bytesFollowed: (bytes: number) => void;
}

/** What the use cases stand on. */
export interface ServiceContext {
  readonly store: Store;
  readonly writer: Writer;
  readonly tenants: TenantDirectory;
  readonly quota: AppendQuota;
  readonly clock: Clock;
  readonly foreignStreams: ForeignStreams;
  /** Bounds of the pages of streamed reads; a tenant's may be smaller (pages-of.ts). */
  readonly pages: PageBounds;
  /** Pages that readers from afar share. */
  readonly pageCache: PageCache;
  readonly followers: Followers;
  readonly checkpoints: CheckpointOptions;
  /** Whether events keep the trace that their append belongs to. */
  readonly storeTraceparent: boolean;
  readonly observer?: ServiceObserver | undefined;
}
