import type { LogQuery, ReadOptions } from "../store.js";
import { copyParameter, parseCopiedRow } from "./copy-out.js";
import { pageOf, pageSql } from "./page-of.js";
import { allTenants, type QueryPool, type ReadScope } from "./query-pool.js";
import type { ScanPage } from "./scan-log.js";

/** Which part of a log. */
export type PlainQuery = Pick<LogQuery, "from" | "to" | "maxEvents" | "maxBytes">;

/** A page of all the events of a tenant behind a place: what readers that catch up ask for. */
export function readOn(
  pool: QueryPool,
  tenantId: string,
  query: PlainQuery,
  options?: ReadOptions,
): Promise<ScanPage> {
  return copyPage(pool, tenantId, ofTenant, query, "position", options);
}

/** A page of all events behind a place of the whole log. */
export function readWholeOn(
  pool: QueryPool,
  query: PlainQuery,
  options?: ReadOptions,
): Promise<ScanPage> {
  return copyPage(pool, allTenants, ofWholeLog, query, "globalPosition", options);
}

async function copyPage(
  pool: QueryPool,
  scope: ReadScope,
  text: string,
  { from, to, maxEvents, maxBytes }: PlainQuery,
  place: "position" | "globalPosition",
  options?: ReadOptions,
): Promise<ScanPage> {
  const values = [from, to, BigInt(maxEvents), BigInt(maxBytes)];
  const copied = await pool.copy(scope, text, values, options);
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
  const [after = "", to = "", maxEvents = "", maxBytes = ""] = [0, 1, 2, 3].map(copyParameter);
  const range = `${table} ${place} > ${after} AND ${place} <= ${to}`;
  const page = pageSql(range, `${place} ASC`, maxEvents, maxBytes);
  return `COPY (SELECT page.*, (${head}) FROM (${page}) AS page) TO STDOUT (FORMAT binary)`;
}

const tenant = "(SELECT current_setting('annals.tenant_id')::uuid)";

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
