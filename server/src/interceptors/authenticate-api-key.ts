import { createHash, timingSafeEqual } from "node:crypto";
import type { ApiKeyEntry } from "./api-key-file.js";
import type { VerifyToken } from "./authenticate-credentials.js";
import { unauthenticated } from "./bearer.js";

/** What API keys begin with; no JWT does. */
export const apiKeyPrefix = "annals_";

const pattern = /^annals_([a-z0-9]{1,32})_([A-Za-z0-9_-]{43})$/;
const noHash = Buffer.alloc(32);

/**
 * The hash that is kept of an API key's secret. A plain SHA-256 is enough: the secret is 256 random
 * bits, which no list of guesses holds, so a slow hash would only slow down the calls.
 */
export function hashOfSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/**
 * API keys, `annals_<id>_<secret>`.
 *
 * @param keys answers those that are good now, by id
 */
export function authenticateApiKey(keys: () => ReadonlyMap<string, ApiKeyEntry>): VerifyToken {
  return (token) => {
    const [, id = "", secret = ""] = pattern.exec(token) ?? [];
    const entry = keys().get(id);
    const same = timingSafeEqual(hashOfSecret(secret), entry?.hash ?? noHash);
    if (!entry || !same) throw unauthenticated("the API key does not verify");
    const now = Date.now();
    if (now < entry.notBefore) throw unauthenticated("the API key is not valid yet");
    if (now >= entry.expiresAt) throw unauthenticated("the API key has expired");
    const { subject, tenants, scopes, expiresAt } = entry;
    return { method: "api-key", subject, tenants, scopes, expiresAt };
  };
}
