import { errors, type JWTPayload, jwtVerify } from "jose";
import { AnnalsError } from "../domain/error.js";
import { parseTenantId, type TenantId } from "../domain/tenant.js";
import type { VerifyToken } from "./authenticate-credentials.js";
import { unauthenticated } from "./bearer.js";
import type { Identity } from "./identity.js";
import type { JwtKeys } from "./jwt-keys.js";
import { VerifiedTokens } from "./verified-tokens.js";

/** How tokens are verified. */
export interface JwtOptions {
  readonly keys: JwtKeys;
  /** Algorithms allowed (RFC 7518); a token with another is refused. */
  readonly algorithms: readonly string[];
  /** The `iss` that tokens must have; undefined: any. */
  readonly issuer: string | undefined;
  /** The `aud` that tokens must have; undefined: any. */
  readonly audience: string | undefined;
  /** How far the issuer's clock may be off, in seconds; a token is good for that much longer. */
  readonly clockSkewSeconds: number;
}

/**
 * JSON Web Tokens (RFC 7519). Claims: `sub`, who; `tenant_id`, a UUID, or an array of them for a
 * credential of several tenants, absent for an operator; `scope`, separated by blanks (RFC 8693);
 * `exp`, required.
 */
export function authenticateJwt(options: JwtOptions): VerifyToken {
  const { keys, issuer, audience, clockSkewSeconds } = options;
  const verifyOptions = {
    algorithms: [...options.algorithms],
    requiredClaims: ["exp"],
    clockTolerance: clockSkewSeconds,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const verified = new VerifiedTokens();
  return (token) => {
    const generation = keys.generation();
    if (generation === undefined) return verify(token);
    return verified.get(token, generation, Date.now()) ?? verify(token, generation);
  };

  async function verify(token: string, generation?: number): Promise<Identity> {
    const { payload } = await jwtVerify(token, keys.getKey, verifyOptions).catch(refuse);
    const identity: Identity = {
      method: "jwt",
      subject: payload.sub ?? "",
      tenants: tenantsOf(payload),
      scopes: new Set(typeof payload["scope"] === "string" ? payload["scope"].split(" ") : []),
      expiresAt: ((payload.exp ?? 0) + clockSkewSeconds) * 1000,
    };
    if (generation !== undefined) verified.set(token, generation, identity);
    return identity;
  }
}

function tenantsOf(payload: JWTPayload): readonly TenantId[] {
  const claim = payload["tenant_id"];
  const values: readonly unknown[] =
    claim === undefined ? [] : Array.isArray(claim) ? claim : [claim];
  return values.map((value) => {
    try {
      return parseTenantId(String(value), "tenant_id");
    } catch (cause) {
      throw unauthenticated("the token's tenant_id is not a UUID", cause);
    }
  });
}

/** Says what is wrong with the token in the library's closed list of codes, never in its own words. */
function refuse(cause: unknown): never {
  if (cause instanceof AnnalsError) throw cause;
  if (cause instanceof errors.JWTExpired) throw unauthenticated("the token has expired", cause);
  throw unauthenticated("the token does not verify", cause);
}
