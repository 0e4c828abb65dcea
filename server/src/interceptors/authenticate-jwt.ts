import { errors, type JWTPayload, jwtVerify, type CryptoKey, type KeyObject } from "jose";
import { AnnalsError } from "../domain/error.js";
import { parseTenantId, type TenantId } from "../domain/tenant.js";
import type { Authenticate } from "./authenticate.js";

/** How tokens are verified. */
export interface JwtOptions {
  /** A shared secret for HS*, a public key for RS*, PS*, ES* and EdDSA. */
  readonly key: Uint8Array | CryptoKey | KeyObject;
  /** Algorithms allowed (RFC 7518); a token with another is refused. */
  readonly algorithms: readonly string[];
  /** The `iss` that tokens must have; undefined: any. */
  readonly issuer: string | undefined;
  /** The `aud` that tokens must have; undefined: any. */
  readonly audience: string | undefined;
}

const bearer = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * JSON Web Tokens (RFC 7519) in `authorization: Bearer ...`. Claims: `sub`, who; `tenant_id`, a
 * UUID, or an array of them for a credential of several tenants, absent for an operator; `scope`,
 * separated by blanks (RFC 8693); `exp`, required.
 */
export function authenticateJwt(options: JwtOptions): Authenticate {
  const { issuer, audience } = options;
  const verifyOptions = {
    algorithms: [...options.algorithms],
    requiredClaims: ["exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (call) => {
    const values = call.metadata("authorization");
    if (values.length === 0)
      throw unauthenticated("no credential: metadata authorization is missing");
    const token = values.length === 1 ? bearer.exec(values[0] ?? "")?.[1] : undefined;
    if (token === undefined)
      throw unauthenticated("metadata authorization must be one bearer token");
    const { payload } = await jwtVerify(token, options.key, verifyOptions).catch(refuse);
    return {
      subject: payload.sub ?? "",
      tenants: tenantsOf(payload),
      scopes: new Set(typeof payload["scope"] === "string" ? payload["scope"].split(" ") : []),
    };
  };
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
  if (cause instanceof errors.JWTExpired) throw unauthenticated("the token has expired", cause);
  throw unauthenticated("the token does not verify", cause);
}

function unauthenticated(description: string, cause?: unknown): AnnalsError {
  return new AnnalsError({ reason: "unauthenticated", description }, { cause });
}
