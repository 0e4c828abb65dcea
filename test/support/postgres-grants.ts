import { readFile } from "node:fs/promises";

/** The GRANTs of the guide to PostgreSQL, for the role "annals_app". */
export async function grants(): Promise<string> {
  const guide = new URL("../../docs/how-to/postgresql.md", import.meta.url);
  const text = await readFile(guide, "utf8");
  const sql = /```sql grants\n([^`]*)```/.exec(text)?.[1];
  if (sql === undefined) throw new Error("the guide has no block of grants");
  return sql;
}
