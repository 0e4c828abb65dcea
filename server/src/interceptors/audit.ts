import { AnnalsError } from "../domain/error.js";
import { type Call, hostOf, isOnlyFor } from "./call.js";
import type { Interceptor } from "./interceptor.js";
import type { Suspicion } from "./suspicion.js";

/** A security event; docs/reference/audit.md documents the records. */
export type AuditEvent =
  | "bad_credential"
  | "denied"
  | "foreign_stream"
  | "suspended_tenant"
  | "admin"
  | "blocked"
  | "suspicious"
  | "started";

/** Takes a record. Its fields hold no token, payload or metadata value. */
export type RecordAudit = (event: AuditEvent, fields: object) => void;

/** Refused calls that make a subject suspicious. */
const counted: ReadonlySet<AuditEvent> = new Set(["bad_credential", "denied", "foreign_stream"]);

/**
 * Records refused calls, those of administrators however they end, and the subject whose refused calls become
 * many.
 */
export function audit(record: RecordAudit, suspicion: Suspicion): Interceptor {
  const note = (call: Call, event: AuditEvent, detail: string): void => {
    const fields = fieldsOf(call);
    record(event, { ...fields, detail });
    if (counted.has(event) && suspicion.refused(subjectOf(call), Date.now())) {
      record("suspicious", fields);
    }
  };
  return {
    enter: (call) => {
      if (!call.streaming) return;
      call.noteForeignStream = () => {
        note(call, "foreign_stream", "a stream of another tenant is followed as if it were absent");
      };
    },
    leave: (call, error) => {
      const refusal = error instanceof AnnalsError ? eventOf(call, error) : undefined;
      if (refusal !== undefined) note(call, refusal, error?.message ?? "");
      else if (isAdministrators(call))
        record("admin", { ...fieldsOf(call), detail: error?.message });
      return error;
    },
  };
}

/** Refuses every call of a subject that is blocked. Stands behind authenticate. */
export function block(suspicion: Suspicion): Interceptor {
  return {
    enter: (call) => {
      if (call.identity?.method !== "dev") assertNotBlocked(call, suspicion);
    },
  };
}

/** @throws AnnalsError permission_denied when the call's subject is blocked */
export function assertNotBlocked(call: Call, suspicion: Suspicion): void {
  if (suspicion.blockedUntil(subjectOf(call), Date.now()) === undefined) return;
  call.blocked = true;
  throw new AnnalsError({
    reason: "permission_denied",
    description: "too many calls were refused; this subject is blocked for a while",
  });
}

/** A call of a method that is only for administrators, by one of them. */
function isAdministrators(call: Call): boolean {
  return isOnlyFor("tenants:admin", call) && !!call.identity?.scopes.has("tenants:admin");
}

function eventOf(call: Call, { failure }: AnnalsError): AuditEvent | undefined {
  if (call.blocked) return "blocked";
  if (failure.reason === "stream_not_found" && failure.foreign) return "foreign_stream";
  if (failure.reason === "unauthenticated") return "bad_credential";
  if (failure.reason === "permission_denied") return "denied";
  if (failure.reason === "tenant_suspended") return "suspended_tenant";
  return failure.reason === "foreign_stream" ? "foreign_stream" : undefined;
}

/** Who is counted: the identity; where there is none, the host. */
function subjectOf({ identity, peer }: Call): string {
  if (!identity) return `host:${hostOf(peer)}`;
  return `${identity.method}:${identity.subject}:${identity.tenants.slice(0, 8).join()}`;
}

function fieldsOf(call: Call): object {
  return {
    requestId: call.requestId,
    method: call.method,
    peer: call.peer,
    credential: call.identity?.method,
    subject: call.identity?.subject,
    tenants: call.identity?.tenants.slice(0, 8),
    target: call.target,
  };
}
