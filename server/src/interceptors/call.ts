import { AnnalsError } from "../domain/error.js";
import type { TenantId } from "../domain/tenant.js";
import type { PeerCertificate } from "./authenticate-mtls.js";
import type { Identity } from "./identity.js";

/** One RPC under way, whatever transport it came by. Interceptors fill in what they find out. */
export interface Call {
  /** "annals.v1.EventStore/Append". */
  readonly method: string;
  /** True when requests or answers are streamed: such a call has no deadline unless its caller sets one. */
  readonly streaming: boolean;
  /** The credential needs one of these. */
  readonly scopes: readonly Scope[];
  /** Names the call in logs and in errors. */
  readonly requestId: string;
  /** When it came, by performance.now(). */
  readonly startedMs: number;
  /** The caller's "address:port"; "unknown" for one whose connection had ended when its call was taken up. */
  readonly peer: string;
  /** The client certificate that TLS verified; undefined: none. */
  readonly peerCertificate: () => PeerCertificate | undefined;
  /** The values of a metadata key, in lower case; none when it is absent. */
  readonly metadata: (key: string) => readonly string[];
  /** When the caller stops waiting, in Unix milliseconds. */
  readonly deadline: number | undefined;
  /** True once nobody waits for the answer, and why: an AnnalsError. */
  readonly aborted: boolean;
  readonly reason: unknown;
  /** The same as a signal, for what needs to be woken. */
  readonly signal: AbortSignal;
  /** Ends the call from this side. */
  readonly abort: (reason: AnnalsError) => void;
  /** Tells one listener, at once if it has happened already; the last one given takes the others' place. */
  readonly onAbort: (listener: (reason: AnnalsError) => void) => void;
  /** Takes what is to be undone when the call has ended, however it ends. */
  readonly onEnd: (undo: () => void) => void;
  /** Undoes that. The chain's to say. */
  readonly ended: () => void;
  /** Set by authenticate. */
  identity?: Identity;
  /** Set by block: the subject is kept out for a while. */
  blocked?: boolean;
  /** Set by an administrator's call: the tenant that it is about, for the audit. */
  target?: TenantId;
  /**
   * Set by audit: records that the call names a stream that only another tenant has, where its caller
   * is not refused.
   */
  noteForeignStream?: () => void;
  /** Set by tenant, where the credential allows one. */
  tenantId?: TenantId;
}

/** The address alone. */
export function hostOf(peer: string): string {
  const colon = peer.lastIndexOf(":");
  return colon < 0 ? peer : peer.slice(0, colon);
}

/** What a credential may do. */
export const scopes = [
  "events:append",
  "events:read",
  "events:read:all-tenants",
  "projections",
  "snapshots",
  "tenants:admin",
] as const;

export type Scope = (typeof scopes)[number];

/**
 * The tenant that a call acts for: the only way from a request to a tenant.
 *
 * @throws AnnalsError permission_denied when the credential names none
 */
export function tenantOf(call: Call): TenantId {
  if (call.tenantId !== undefined) return call.tenantId;
  throw new AnnalsError({
    reason: "permission_denied",
    description: "the credential names no tenant; this call is about one tenant's log",
  });
}

/** @throws AnnalsError permission_denied when the credential does not have the scope */
export function assertScope(call: Call, scope: Scope): void {
  if (call.identity?.scopes.has(scope)) return;
  throw new AnnalsError({
    reason: "permission_denied",
    description: `the credential lacks the scope ${scope}`,
  });
}

/** Whether no other scope opens the call's method. */
export function isOnlyFor(scope: Scope, { scopes }: Pick<Call, "scopes">): boolean {
  return scopes.length === 1 && scopes[0] === scope;
}
