import { randomBytes } from "node:crypto";
import { parseApiKeyFile } from "../interceptors/api-key-file.js";
import { apiKeyPrefix, hashOfSecret } from "../interceptors/authenticate-api-key.js";

/** What the key is for. */
export interface ApiKeyFlags {
  readonly subject: string;
  readonly tenant: readonly string[];
  readonly scope: readonly string[];
  readonly expiresAt?: string;
}

/**
 * Makes an API key: the key on standard error, its entry for the file on standard output. Exit code 2 for one that
 * would make the file unusable.
 */
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
  try {
    parseApiKeyFile(JSON.stringify({ keys: [entry] }));
  } catch (error) {
    process.stderr.write(`annals: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
    return;
  }
  process.stderr.write(`The key, shown only now: ${apiKeyPrefix}${id}_${secret}\n`);
  process.stdout.write(`${JSON.stringify(entry, undefined, 2)}\n`);
}
