import type { EventFilter } from "../domain/filter.js";
import type { Direction, LogHead, WholeLogHead } from "../domain/log.js";
import type { TenantId } from "../domain/tenant.js";
import { readLogPages, readWholeLogPages } from "../reader/read-log.js";
import type { LogPage, WholeLogPage } from "../store/store.js";
import type { ServiceContext } from "./context.js";
import { observed } from "./observed.js";
import { pagesOf } from "./pages-of.js";

/** Which events of a log, from where. */
export interface LogCommand<Place> {
  readonly direction: Direction;
  /** Exclusive; undefined: the beginning forwards, the end backwards. */
  readonly from: Place | undefined;
  readonly filter: EventFilter;
  /** Most events; undefined: all. */
  readonly limit: bigint | undefined;
}

/** A read of a log: its head when the read began, and what it held then in pages. */
export interface LogReading<Head, Page> {
  readonly head: Head;
  readonly pages: AsyncIterable<Page>;
}

/** Reads the tenant's log, up to the head it had when the read began. */
export async function readLog(
  context: ServiceContext,
  tenantId: TenantId,
  command: LogCommand<bigint>,
  signal?: AbortSignal,
): Promise<LogReading<LogHead, LogPage>> {
  const { store, pageCache } = context;
  const head = await store.getHead(tenantId, signal && { signal });
  const ends =
    command.direction === "forwards"
      ? { from: command.from ?? 0n, to: head.position }
      : { from: command.from ?? head.position + 1n, to: 1n };
  const range = { ...command, ...ends, tenantId };
  const pages = readLogPages(pageCache, range, pagesOf(context, tenantId), signal);
  return { head, pages: observed(context, pages, eventsIn) };
}

/** Reads the whole log, up to the head it had when the read began. */
export async function readWholeLog(
  context: ServiceContext,
  command: LogCommand<string>,
  signal?: AbortSignal,
): Promise<LogReading<WholeLogHead, WholeLogPage>> {
  const { store, pageCache } = context;
  const head = await store.getWholeHead(signal && { signal });
  const from = command.from ?? "";
  const to = command.direction === "forwards" ? head.cursor : "";
  const range = { ...command, from, to };
  const pages = readWholeLogPages(pageCache, store, range, context.pages, signal);
  return { head, pages: observed(context, pages, eventsIn) };
}

function eventsIn({ events }: LogPage | WholeLogPage): number {
  return events.length;
}
