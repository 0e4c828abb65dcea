import { z } from "zod";

/** What a schema makes of data, or why it does not take it. */
export type ParsedData<Data> =
  | { readonly ok: true; readonly data: Data }
  | { readonly ok: false; readonly problem: string; readonly cause: unknown };

/** Reads data by its schema. What a schema's own functions throw is a problem of the data, too. */
export function parseData<Schema extends z.ZodType>(
  schema: Schema,
  json: unknown,
): ParsedData<z.output<Schema>> {
  try {
    const parsed = schema.safeParse(json);
    if (parsed.success) return { ok: true, data: parsed.data };
    return { ok: false, problem: z.prettifyError(parsed.error), cause: parsed.error };
  } catch (cause) {
    return { ok: false, problem: String(cause), cause };
  }
}
