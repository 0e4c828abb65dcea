import type { Authenticate } from "./authenticate.js";
import { apiKeyPrefix } from "./authenticate-api-key.js";
import { bearerTokenOf, unauthenticated } from "./bearer.js";
import type { Identity } from "./identity.js";

/** Knows the bearer of a token. */
export type VerifyToken = (token: string) => Identity | Promise<Identity>;

/** The ways that are on; undefined: off. */
export interface CredentialWays {
  readonly jwt: VerifyToken | undefined;
  readonly apiKey: VerifyToken | undefined;
  readonly mtls: Authenticate | undefined;
}

/**
 * One credential decides, and no other is tried when it fails: the bearer token where there is one
 * (an API key by its prefix, else a JWT), otherwise the client's certificate.
 */
export function authenticateCredentials(ways: CredentialWays): Authenticate {
  return (call) => {
    const token = bearerTokenOf(call);
    if (token === undefined) {
      if (ways.mtls) return ways.mtls(call);
      throw unauthenticated("no credential: metadata authorization is missing");
    }
    const verify = token.startsWith(apiKeyPrefix) ? (ways.apiKey ?? ways.jwt) : ways.jwt;
    if (!verify) throw unauthenticated("no credential of this kind is accepted");
    return verify(token);
  };
}
