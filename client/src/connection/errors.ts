/**
 * What an error of this package tells beside its code. A code without particulars has an empty
 * object. Codes that the server sends are documented in `annals/v1/error.proto`, `ErrorReason`.
 */
export interface ErrorDetails {
  /** The request breaks a rule: `field` is its path in the request. Do not retry. */
  invalid_argument: { readonly field: string; readonly description: string };
  /** A limit; retry only when `retryAfterMs` is set. `actual` is 0 where it is not known. */
  limit_exceeded: {
    readonly limit: string;
    readonly maximum: bigint;
    readonly actual: bigint;
    readonly field: string;
  };
  /** The stream is not at the expected version. Load again, then retry. */
  version_conflict: { readonly expected: string; readonly actualVersion: bigint };
  /** Another append has used this event id. Do not retry. */
  duplicate_event_id: { readonly eventId: string };
  stream_not_found: NoDetails;
  event_not_found: NoDetails;
  /** The stream exists only for a different tenant. */
  foreign_stream: { readonly aggregateType: string; readonly aggregateId: string };
  /** No credential, one that does not verify, or none to be had: then `cause` may say why. */
  unauthenticated: NoDetails;
  permission_denied: NoDetails;
  /** The operator has suspended the tenant; the message says why. */
  tenant_suspended: NoDetails;
  /** What was to be changed is not at the expected revision. Read it again, decide again. */
  revision_conflict: { readonly expectedRevision: bigint; readonly actualRevision: bigint };
  /** The call's time is up; see `outcomeUnknown`. `cause` tells why the call of an append was lost, if it was. */
  deadline_exceeded: NoDetails;
  /** The caller's signal was aborted; see `outcomeUnknown`. */
  cancelled: NoDetails;
  /** The server cannot be reached, is stopping, or its store does not answer. Retry. */
  unavailable: NoDetails;
  unimplemented: NoDetails;
  /** A defect of the server; its log has more under `requestId`. */
  internal: NoDetails;
  /** The client was closed. */
  closed: NoDetails;
  /** Options that would send a token in the clear, contradict each other or make no sense. */
  invalid_options: NoDetails;
  /** An event's data does not fit its schema, or would not survive as JSON. Nothing was sent. */
  invalid_event_data: { readonly eventType: string; readonly problem: string };
  /** An event in the log does not fit its definition. */
  unreadable_event: {
    readonly eventType: string;
    readonly eventId: string;
    readonly tenantId: string;
    readonly position: bigint;
    readonly problem: string;
  };
  /** An event in the log that no definition names, for a reader with `unknownEvents: "fail"`. */
  unknown_event_type: {
    readonly eventType: string;
    readonly aggregateType: string;
    readonly eventId: string;
    readonly tenantId: string;
    readonly position: bigint;
  };
  /** An event in the log was written by a newer definition: this reader knows 1 to `knownVersion`. */
  unknown_event_version: {
    readonly eventType: string;
    readonly eventId: string;
    readonly tenantId: string;
    readonly position: bigint;
    readonly version: number;
    readonly knownVersion: number;
  };
  /** Two definitions claim the same event type. */
  duplicate_definition: { readonly eventType: string };
  /** The aggregate has no events. */
  aggregate_not_found: { readonly aggregateType: string; readonly aggregateId: string };
  /** The aggregate belongs to a different tenant than the repository acts for. */
  foreign_aggregate: { readonly aggregateType: string; readonly aggregateId: string };
  /** An event is of another aggregate, leaves a gap in the versions, or happened at no time. */
  invalid_event: { readonly eventType: string; readonly problem: string };
  /** Another runner has claimed the projection: this one writes nothing more. */
  projection_superseded: NoDetails;
  /** The projection was deleted while it ran: to go on, rebuild it, because its read model is not empty. */
  projection_deleted: NoDetails;
  /** There is no tenant in the context, or none for the call. */
  tenant_required: NoDetails;
}

/** No particulars. */
export type NoDetails = Readonly<Record<string, never>>;

/** Every code that an error of this package can have: a closed list. */
export type ErrorCode = keyof ErrorDetails;

/** An error of one code; of several, a union that `switch (error.code)` takes apart. */
export type AnnalsErrorOf<Code extends ErrorCode> = Code extends ErrorCode
  ? AnnalsError<Code>
  : never;

/** Marks errors of this package, so that two copies of it recognise each other's. */
const brand: symbol = Symbol.for("annals.client.error");

/** What an error knows beside code, message and details. */
export interface ErrorExtras {
  readonly cause?: unknown;
  /** True when a write may have happened all the same: send it again with the same event ids. */
  readonly outcomeUnknown?: boolean;
  /** Set when the same request may succeed later: how long to wait first, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The server's id of the call; empty when there is none. */
  readonly requestId?: string;
}

/** The one error class of this package. Branch on `code`; never on the text. */
export class AnnalsError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "AnnalsError";
  readonly outcomeUnknown: boolean;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string;

  constructor(
    readonly code: Code,
    message: string,
    readonly details: ErrorDetails[Code],
    extras: ErrorExtras = {},
  ) {
    super(message, "cause" in extras ? { cause: extras.cause } : undefined);
    Object.defineProperty(this, brand, { value: true });
    this.outcomeUnknown = extras.outcomeUnknown ?? false;
    this.retryAfterMs = extras.retryAfterMs;
    this.requestId = extras.requestId ?? "";
  }
}

/** Whether something thrown is an error of this package, and of a certain code if one is given. */
export function isAnnalsError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is AnnalsErrorOf<Code> {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || (error as unknown as AnnalsError).code === code;
}

/**
 * Refusals that tell that the same append, sent before, was not written: the server looks for its event ids first,
 * or refuses the request whenever it comes.
 */
const tellsOutcome: ReadonlySet<ErrorCode> = new Set([
  "version_conflict",
  "duplicate_event_id",
  "invalid_argument",
]);

/** What an append failed with that was sent before, and whose outcome was not known then. */
export function inDoubt<Thrown>(error: Thrown): Thrown | AnnalsError {
  if (!isAnnalsError(error) || error.outcomeUnknown || tellsOutcome.has(error.code)) return error;
  const { code, message, details, requestId, retryAfterMs } = error;
  const extras = { cause: error, requestId, retryAfterMs, outcomeUnknown: true };
  return new AnnalsError(code, message, details, extras);
}
