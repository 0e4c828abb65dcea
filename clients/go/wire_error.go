package annals

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// reasonOfCode is what a code means that came without a detail: from a proxy, the network or gRPC itself.
var reasonOfCode = map[codes.Code]Reason{
	codes.InvalidArgument:   InvalidArgument,
	codes.ResourceExhausted: LimitExceeded,
	codes.Unauthenticated:   Unauthenticated,
	codes.PermissionDenied:  PermissionDenied,
	codes.DeadlineExceeded:  DeadlineExceeded,
	codes.Canceled:          Cancelled,
	codes.Unavailable:       Unavailable,
	codes.Unimplemented:     Unimplemented,
}

// FromRPC is the typed error of what a generated client returned for a call made in ctx; nil of nil. Writes says
// whether the call was to write: only then can its outcome be unknown.
func FromRPC(ctx context.Context, err error, writes bool) error {
	if err == nil {
		return nil
	}
	if known := (*Error)(nil); errors.As(err, &known) {
		return err
	}
	failed := fromStatus(ctx, err, writes)
	conflict := failed.Detail.GetVersionConflict()
	if conflict == nil {
		return failed
	}
	return &VersionConflictError{conflict.GetExpected(), conflict.GetActualVersion(), failed}
}

func fromStatus(ctx context.Context, err error, writes bool) *Error {
	answer, ok := status.FromError(err)
	if !ok {
		answer = status.FromContextError(err)
	}
	failed := &Error{Code: answer.Code(), Message: answer.Message(), cause: err}
	if ctx.Err() != nil {
		failed.cause = ctx.Err()
	}
	for _, one := range answer.Details() {
		if detail, ok := one.(*annalsv1.ErrorDetail); ok {
			failed.Detail = detail
			failed.Reason = reasonOf(detail.GetReason())
			failed.RequestID = detail.GetRequestId()
			failed.Retryable = detail.GetRetryAfter() != nil
			failed.RetryAfter = detail.GetRetryAfter().AsDuration()
			failed.OutcomeUnknown = writes && detail.GetOutcomeUnknown()
			return failed
		}
	}
	failed.Reason = Internal
	if reason, ok := reasonOfCode[failed.Code]; ok {
		failed.Reason = reason
	}
	if failed.Reason == Cancelled && ctx.Err() == nil && !isClosed(err) {
		failed.Reason = Unavailable // the connection broke: nobody here asked for it
	}
	failed.OutcomeUnknown = writes && mayHaveHappened(failed.Reason) && !isClosed(err)
	return failed
}

// isClosed tells whether a call was not sent because the client is closed. It asks for gRPC's own error: one that came
// from a proxy may have the same text.
func isClosed(err error) bool {
	return err == grpc.ErrClientConnClosing
}

// mayHaveHappened tells whether a write may have happened when it failed so and the server did not say.
func mayHaveHappened(reason Reason) bool {
	switch reason {
	case Cancelled, DeadlineExceeded, Unavailable, Internal:
		return true
	default:
		return false
	}
}

func reasonOf(reason annalsv1.ErrorReason) Reason {
	name, ok := annalsv1.ErrorReason_name[int32(reason)]
	if !ok {
		return Reason(fmt.Sprintf("unknown_%d", reason))
	}
	return Reason(strings.ToLower(strings.TrimPrefix(name, "ERROR_REASON_")))
}

func reasonOfContext(ctx context.Context) Reason {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return DeadlineExceeded
	}
	return Cancelled
}

func codeOfContext(ctx context.Context) codes.Code {
	return status.FromContextError(ctx.Err()).Code()
}
