package annals

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// Reason says why a call failed: the contract's ErrorReason in lower case. A reason that this package does not know
// is "unknown_" and its number.
type Reason string

// The reasons. ErrorReason in annals/v1/error.proto says of each when it comes and whether to retry.
const (
	InvalidArgument  Reason = "invalid_argument"
	LimitExceeded    Reason = "limit_exceeded"
	VersionConflict  Reason = "version_conflict"
	DuplicateEventID Reason = "duplicate_event_id"
	StreamNotFound   Reason = "stream_not_found"
	EventNotFound    Reason = "event_not_found"
	ForeignStream    Reason = "foreign_stream"
	Unauthenticated  Reason = "unauthenticated"
	PermissionDenied Reason = "permission_denied"
	DeadlineExceeded Reason = "deadline_exceeded"
	Cancelled        Reason = "cancelled"
	Unavailable      Reason = "unavailable"
	Unimplemented    Reason = "unimplemented"
	Internal         Reason = "internal"
	TenantSuspended  Reason = "tenant_suspended"
	RevisionConflict Reason = "revision_conflict"
)

// Error is a call that failed.
type Error struct {
	// Reason says why. Branch on it, never on the text.
	Reason Reason
	// Code is the call's gRPC code.
	Code codes.Code
	// Message is for people.
	Message string
	// RequestID is the server's id of the call, as in its log; empty when the call never got one.
	RequestID string
	// Retryable is true when the server says that the same request may succeed after RetryAfter.
	Retryable bool
	// RetryAfter is how long to wait first.
	RetryAfter time.Duration
	// OutcomeUnknown is true when a write may have happened all the same: the same events, with the same ids, sent
	// again tell. False: nothing was written.
	OutcomeUnknown bool
	// Detail has the particulars as the server sent them; nil when no server answered.
	Detail *annalsv1.ErrorDetail

	cause error
}

// Error is the reason and the message.
func (e *Error) Error() string { return fmt.Sprintf("annals: %s: %s", e.Reason, e.Message) }

// Unwrap is what lies beneath, for example context.Canceled.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus lets status.FromError and status.Code see the call's code.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// VersionConflictError says that the stream is not at the expected version. Load again and decide again. It wraps an
// [*Error] whose reason is [VersionConflict].
type VersionConflictError struct {
	// Expected is "no_stream", "stream_exists" or a version in decimal.
	Expected string
	// ActualVersion is the stream's version, 0 when it has no events.
	ActualVersion uint64

	err *Error
}

// Error is that of the error wrapped.
func (e *VersionConflictError) Error() string { return e.err.Error() }

// Unwrap is the [*Error].
func (e *VersionConflictError) Unwrap() error { return e.err }
