import type { LogQuery, ReadOptions } from "../store.js";
import { copyParameter, parseCopiedRow } from "./copy-out.js";
import { pageOf, pageSql } from "./page-of.js";
import { allTenants, type QueryPool, type Value } from "./query-pool.js";
import type { ScanPage } from "./scan-log.js";

/** Which part of a log. */
export type PlainQuery = Pick<LogQuery, "from" | "to" | "maxEvents" | "maxBytes">;

/** A page of all the events of a tenant behind a place: what readers that catch up ask for. */
export async function readOn(
  pool: QueryPool,
  tenantId: string,
  query: PlainQuery,
  options?: ReadOptions,
): Promise<ScanPage> {
  const copied = pool.copy(tenantId, ofTenant, [...valuesOf(query), tenantId], options);
  return pageOfCopy(await copied, query, "position");
}

/** A page of all events behind a place of the whole log. */
export async function readWholeOn(
  pool: QueryPool,
  query: PlainQuery,
  options?: ReadOptions,
): Promise<ScanPage> {
  const copied = pool.copy(allTenants, ofWholeLog, valuesOf(query), options);
  return pageOfCopy(await copied, query, "globalPosition");
}

function valuesOf({ from, to, maxEvents, maxBytes }: PlainQuery): readonly Value[] {
  return [from, to, maxEvents, maxBytes];
}

function pageOfCopy(
  copied: Buffer,
  { from, to, maxEvents, maxBytes }: PlainQuery,
  place: "position" | "globalPosition",
): ScanPage {
  const [frames, globalPositions, headBytes] = parseCopiedRow(copied);
  const head = headBytes?.readBigInt64BE() ?? 0n; // none: an empty log
  const end = to < head ? to : head;
  if (end <= from) return { events: [], scannedTo: from, atEnd: true };
  const { events, full } = pageOf(frames, globalPositions, { maxEvents, maxBytes });
  const scannedTo = (full ? events.at(-1)?.[place] : undefined) ?? end;
  return { events, scannedTo, atEnd: scannedTo === end };
}

/** One statement for the events and where their log ends: both are of one moment. */
function pageWithHead(table: string, place: string, head: string): string {
  const value = (index: number): string => copyParameter(index, "bigint");
  const range = `${table} ${place} > ${value(0)} AND ${place} <= ${value(1)}`;
  const page = pageSql(range, `${place} ASC`, value(2), value(3));
  return `COPY (SELECT page.*, (${head}) FROM (${page}) AS page) TO STDOUT (FORMAT binary)`;
}

// Not the session's scope, which the tables' policies hold: the second wall is another one.
const tenant = copyParameter(4, "uuid");

const ofTenant = pageWithHead(
  `annals.events WHERE tenant_id = ${tenant} AND`,
  "position",
  `SELECT position FROM annals.tenants WHERE tenant_id = ${tenant}`,
);

const ofWholeLog = pageWithHead(
  "annals.events WHERE",
  "global_position",
  "SELECT global_position FROM annals.log_head WHERE id = 1",
);
