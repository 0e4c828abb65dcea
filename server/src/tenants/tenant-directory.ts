import { setTimeout } from "node:timers/promises";
import { AnnalsError } from "../domain/error.js";
import type { Clock } from "../domain/instant.js";
import type { TenantId } from "../domain/tenant.js";
import {
  noSettings,
  type Suspension,
  type TenantLimits,
  type TenantSettings,
} from "../domain/tenant-settings.js";
import type { RecordKey, RecordStore } from "../store/record-store.js";
import { decodeSettings, encodeSettings } from "./settings-record.js";

/** How a directory works. */
export interface TenantDirectoryOptions {
  /** Limits of a tenant for which nothing else is set. */
  readonly defaults: TenantLimits;
  readonly clock: Clock;
  /** Told when the records cannot be read; what was read last goes on to hold. */
  readonly onStoreError: (error: unknown) => void;
}

/** A tenant's settings, and how often they were changed. */
export interface ConfiguredTenant {
  readonly tenantId: TenantId;
  readonly settings: TenantSettings;
  /** 0: never configured. */
  readonly revision: bigint;
}

/** How often other servers' changes are looked for. With a read of them, less than a second. */
const refreshMs = 400;

/** How often everything is read again, changed or not: for a change whose writer died half-way. */
const rereadMs = 60_000;

const pageRecords = 1_000;
const maxAttempts = 10;

/** Counts the changes of any tenant's settings by its revision: one read tells whether there are any. */
const changes: RecordKey = { owner: "operator", collection: "tenant-changes", name: "all" };

function keyOf(tenantId: TenantId): RecordKey {
  return { owner: "operator", collection: "tenants", name: tenantId };
}

/**
 * What the operator says of tenants, held in memory: asking costs no read. A change that was
 * acknowledged, on whichever server, holds on this one within a second.
 */
export class TenantDirectory implements AsyncDisposable {
  #configured: ReadonlyMap<TenantId, ConfiguredTenant> = new Map();
  #seen = -1n;
  #rereadAt = 0;
  readonly #watchers = new Map<TenantId, Set<(suspension: Suspension) => void>>();
  readonly #closed = new AbortController();
  #refreshing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly records: RecordStore,
    private readonly options: TenantDirectoryOptions,
  ) {}

  /** Reads the records, and goes on looking for changes until it is closed. */
  static async open(
    records: RecordStore,
    options: TenantDirectoryOptions,
  ): Promise<TenantDirectory> {
    const directory = new TenantDirectory(records, options);
    await directory.#refresh();
    directory.#refreshing = directory.#keepRefreshing();
    return directory;
  }

  find(tenantId: TenantId): ConfiguredTenant {
    return this.#configured.get(tenantId) ?? { tenantId, settings: noSettings, revision: 0n };
  }

  /** The limits that hold for a tenant. */
  limitsOf(tenantId: TenantId): TenantLimits {
    const own = this.#configured.get(tenantId)?.settings.limits;
    return own ? { ...this.options.defaults, ...own } : this.options.defaults;
  }

  suspensionOf(tenantId: TenantId): Suspension | undefined {
    return this.#configured.get(tenantId)?.settings.suspension;
  }

  /** Every tenant that was configured, by id. */
  all(): ConfiguredTenant[] {
    return [...this.#configured.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  }

  /** Tells when a tenant is suspended. @returns ends it */
  watchSuspension(tenantId: TenantId, onSuspended: (suspension: Suspension) => void): () => void {
    const watchers = this.#watchers.get(tenantId) ?? new Set();
    this.#watchers.set(tenantId, watchers);
    watchers.add(onSuspended);
    return () => {
      watchers.delete(onSuspended);
      if (watchers.size === 0) this.#watchers.delete(tenantId);
    };
  }

  /**
   * Changes a tenant's settings.
   *
   * @param expected the revision they must be at; undefined: any
   * @throws AnnalsError revision_conflict; unavailable
   */
  async change(
    tenantId: TenantId,
    expected: bigint | undefined,
    edit: (settings: TenantSettings) => TenantSettings,
  ): Promise<ConfiguredTenant> {
    const key = keyOf(tenantId);
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const stored = await this.records.get(key);
      const revision = stored?.revision ?? 0n;
      if (expected !== undefined && expected !== revision) throw conflict(expected, revision);
      const settings = edit(stored ? decodeSettings(stored.value) : noSettings);
      const value = encodeSettings(settings);
      const outcome = await this.records.put(key, value, revision, this.options.clock());
      if (outcome.ok) {
        await this.records.put(changes, new Uint8Array(), undefined, this.options.clock());
        const changed = { tenantId, settings, revision: outcome.revision };
        this.#hold(new Map(this.#configured).set(tenantId, changed));
        return changed;
      }
    }
    throw new AnnalsError({
      reason: "unavailable",
      description: "the tenant is being changed by others all the time",
      outcomeUnknown: false,
      retryAfterMs: 100,
    });
  }

  /** Looks for changes no more. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#refreshing;
  }

  async #keepRefreshing(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await setTimeout(refreshMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#refresh().catch(this.options.onStoreError);
    }
  }

  async #refresh(): Promise<void> {
    const seen = (await this.records.get(changes))?.revision ?? 0n;
    if (seen === this.#seen && performance.now() < this.#rereadAt) return;
    const read = new Map<TenantId, ConfiguredTenant>();
    for (let after = ""; ;) {
      const query = { ...keyOf("" as TenantId), after, maxRecords: pageRecords };
      const page = await this.records.list(query);
      for (const { name, value, revision } of page) {
        const tenantId = name as TenantId;
        read.set(tenantId, { tenantId, settings: decodeSettings(value), revision });
      }
      if (page.length < pageRecords) break;
      after = page.at(-1)?.name ?? "";
    }
    // What this server changed while it read is newer than what was read.
    for (const [tenantId, held] of this.#configured) {
      if (held.revision > (read.get(tenantId)?.revision ?? 0n)) read.set(tenantId, held);
    }
    this.#hold(read);
    this.#seen = seen;
    this.#rereadAt = performance.now() + rereadMs;
  }

  #hold(configured: ReadonlyMap<TenantId, ConfiguredTenant>): void {
    this.#configured = configured;
    for (const [tenantId, watchers] of this.#watchers) {
      const suspension = this.suspensionOf(tenantId);
      if (suspension) for (const tell of [...watchers]) tell(suspension);
    }
  }
}

function conflict(expected: bigint, actual: bigint): AnnalsError {
  return new AnnalsError({ reason: "revision_conflict", expected, actual });
}
