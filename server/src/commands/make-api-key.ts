import { randomBytes } from "node:crypto";
import { apiKeyPrefix, hashOfSecret } from "../interceptors/authenticate-api-key.js";

/** What the key is for. */
export interface ApiKeyFlags {
  readonly subject: string;
  readonly tenant: readonly string[];
  readonly scope: readonly string[];
  readonly expiresAt?: string;
}

/** Makes an API key: the key on standard error, its entry for the file on standard output. */
export function makeApiKey(flags: ApiKeyFlags): void {
  const id = randomBytes(8).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  const entry = {
    id,
    hash: hashOfSecret(secret).toString("hex"),
    subject: flags.subject,
    tenants: flags.tenant,
    scopes: flags.scope,
    ...(flags.expiresAt === undefined ? {} : { expiresAt: flags.expiresAt }),
  };
  process.stderr.write(`The key, shown only now: ${apiKeyPrefix}${id}_${secret}\n`);
  process.stdout.write(`${JSON.stringify(entry, undefined, 2)}\n`);
}
