import { parseTenantId } from "../domain/tenant.js";
import type { Authenticate } from "./authenticate.js";
import { unauthenticated } from "./bearer.js";

/** What a verified client certificate says. */
export interface PeerCertificate {
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  /** The subject alternative names as Node writes them: "DNS:a, URI:b". */
  readonly alternativeNames: string;
  /** In Unix milliseconds. */
  readonly expiresAt: number;
}

const tenantName = /^URI:urn:annals:tenant:(.*)$/;
const scopeName = /^URI:urn:annals:scope:(.*)$/;
const subjectName = /^URI:urn:annals:subject:([A-Za-z0-9._-]+)$/;

/**
 * The client's certificate, which the TLS layer has verified. Its SAN URIs `urn:annals:tenant:<uuid>`
 * and `urn:annals:scope:<scope>` give tenants and scopes, one each; `urn:annals:subject:<name>` says
 * who, else the fingerprint does.
 */
export const authenticateMtls: Authenticate = (call) => {
  const certificate = call.peerCertificate();
  if (!certificate) throw unauthenticated("no credential: no bearer token, no client certificate");
  const { alternativeNames, expiresAt, fingerprint } = certificate;
  // Node quotes a name that holds a comma; such a name could pose as several.
  if (alternativeNames.includes('"'))
    throw unauthenticated("the certificate's names are malformed");
  if (Date.now() >= expiresAt) throw unauthenticated("the certificate has expired");
  const names = alternativeNames.split(", ");
  const all = (pattern: RegExp): string[] => names.flatMap((name) => pattern.exec(name)?.[1] ?? []);
  try {
    return {
      method: "mtls",
      subject: all(subjectName)[0] ?? fingerprint,
      tenants: all(tenantName).map((text) => parseTenantId(text, "certificate")),
      scopes: new Set(all(scopeName)),
      expiresAt,
    };
  } catch (cause) {
    throw unauthenticated("the certificate names a tenant that is not a UUID", cause);
  }
};
