import type { z } from "zod";
import type { ContentType } from "./content-type.js";
import type { ParsedData } from "./parse-data.js";

/** How the data of a kind of event becomes bytes, and bytes become data. It throws nothing. */
export interface DataCodec<Schema extends z.ZodType> {
  /** What it writes, version aside. */
  readonly mediaType: string;
  /** Checks data; answers it as readers will get it, and its bytes. */
  encode(
    data: z.input<Schema>,
  ): ParsedData<{ readonly data: z.output<Schema>; readonly payload: Uint8Array }>;
  /** Reads bytes of the version that `encode` writes. */
  decode(payload: Uint8Array, stored: ContentType): ParsedData<z.output<Schema>>;
  /** Takes what upcasters made of an older version. */
  accept(value: unknown): ParsedData<z.output<Schema>>;
}
