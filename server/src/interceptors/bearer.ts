import { AnnalsError } from "../domain/error.js";
import type { Call } from "./call.js";

const bearer = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * The token of `authorization: Bearer ...`; undefined when the metadata key is absent.
 *
 * @throws AnnalsError unauthenticated when it is repeated or no bearer token
 */
export function bearerTokenOf(call: Call): string | undefined {
  const values = call.metadata("authorization");
  if (values.length === 0) return undefined;
  const token = values.length === 1 ? bearer.exec(values[0] ?? "")?.[1] : undefined;
  if (token === undefined) throw unauthenticated("metadata authorization must be one bearer token");
  return token;
}

/** A credential that is not good enough; the description never holds any part of it. */
export function unauthenticated(description: string, cause?: unknown): AnnalsError {
  return new AnnalsError({ reason: "unauthenticated", description }, { cause });
}
