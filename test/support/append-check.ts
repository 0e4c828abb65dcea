import type { Acknowledged } from "./postgres-writer.js";
import { runSql } from "./postgres.js";

/**
 * What is wrong with a log after writers were killed: empty when every acknowledged append is there
 * exactly once, every other one whole or not at all, and the positions are 1..n.
 */
export async function findLosses(
  url: string,
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  const faults: string[] = [];
  const rows = await runSql(
    url,
    `SELECT tenant_id, tags[1] AS append_id, count(*) AS events, min(tags[2]) AS wanted,
       min(position) AS first, max(position) AS last
     FROM annals.events WHERE tags <> '{}' GROUP BY 1, 2`,
  );
  const found = new Map(rows.map((row) => [String(row["append_id"]), row]));
  for (const [id, row] of found) {
    const span = Number(row["last"]) - Number(row["first"]) + 1;
    if (Number(row["events"]) === Number(row["wanted"]) && span === Number(row["events"])) continue;
    faults.push(`append ${id} is torn: ${JSON.stringify(row)}`);
  }
  for (const answer of acknowledged) {
    const row = found.get(answer.appendId);
    const there =
      row?.["tenant_id"] === answer.tenantId &&
      row["first"] === answer.firstPosition &&
      row["last"] === answer.lastPosition;
    if (!there) faults.push(`acknowledged ${JSON.stringify(answer)}, found ${JSON.stringify(row)}`);
  }
  const holes = await runSql(
    url,
    `SELECT tenant_id::text AS log, count(*) AS n, max(position) AS last, count(DISTINCT position) AS places
       FROM annals.events GROUP BY 1
     UNION ALL
     SELECT 'whole', count(*), max(global_position), count(DISTINCT global_position) FROM annals.events
     UNION ALL
     SELECT 'head', (SELECT count(*) FROM annals.events), global_position, global_position FROM annals.log_head`,
  );
  for (const { log, n, last, places } of holes) {
    if (n !== last || n !== places) faults.push(`log ${String(log)} has holes`);
  }
  return faults.slice(0, 5);
}
