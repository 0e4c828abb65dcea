import { z } from "zod";
import { parseTenantId, type TenantId } from "../domain/tenant.js";

/** One key as the file holds it: everything but the secret. */
export interface ApiKeyEntry {
  readonly id: string;
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
  readonly subject: string;
  readonly tenants: readonly TenantId[];
  readonly scopes: ReadonlySet<string>;
  /** In Unix milliseconds. */
  readonly notBefore: number;
  /** In Unix milliseconds; Infinity: never. */
  readonly expiresAt: number;
}

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const entry = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .transform((hex) => Buffer.from(hex, "hex")),
  subject: z.string().min(1),
  tenants: z.array(z.string().transform((text) => parseTenantId(text, "tenants"))),
  scopes: z.array(z.string().min(1)).transform((scopes) => new Set(scopes)),
  notBefore: time.default(0),
  expiresAt: time.default(Infinity),
});
const file = z.strictObject({ keys: z.array(entry).max(100_000) });

/**
 * Parses a file of API keys: `{"keys": [{"id", "hash", "subject", "tenants", "scopes", "notBefore"?,
 * "expiresAt"?}]}`, times as in RFC 3339.
 *
 * @throws when it is anything else, or an id comes twice
 */
export function parseApiKeyFile(text: string): ReadonlyMap<string, ApiKeyEntry> {
  const { keys } = file.parse(JSON.parse(text));
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (byId.size < keys.length) throw new Error("an id of an API key comes twice");
  return byId;
}
