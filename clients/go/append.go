package annals

import (
	"context"
	"errors"
	"time"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// AppendResult says where the events of an append are. They stand one after the other.
type AppendResult struct {
	// Version is the stream's: that of the last event.
	Version       uint64
	FirstPosition uint64
	LastPosition  uint64
	RecordedAt    time.Time
	// Deduplicated is true when this very append had been written before. After a lost answer that is the append
	// of the same call.
	Deduplicated bool
}

// Append writes events to one stream: all or none, durable when it returns. When an answer is lost or the server is
// away, it sends the same events with the same ids again, until there is an answer, ctx ends or the client is closed;
// each event without an id gets one here. It fails with a [*VersionConflictError] when the stream is not at the
// expected version. When OutcomeUnknown is true on its [*Error], the events may have been written: only an append
// with the same ids tells, so give events ids of your own where that matters.
func (c *Client) Append(
	ctx context.Context, stream StreamID, expected ExpectedVersion, events ...NewEvent,
) (AppendResult, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	request := &annalsv1.AppendRequest{Stream: stream.toProto(), ExpectedVersion: expected.toProto()}
	for _, event := range events {
		if event.ID == "" {
			event.ID = newID()
		}
		request.Events = append(request.Events, event.toProto())
	}
	answer, err := c.appendUntilKnown(ctx, request)
	if err != nil {
		return AppendResult{}, err
	}
	return AppendResult{
		Version:       answer.GetAggregateVersion(),
		FirstPosition: answer.GetFirstPosition(),
		LastPosition:  answer.GetLastPosition(),
		RecordedAt:    answer.GetRecordedAt().AsTime(),
		Deduplicated:  answer.GetDeduplicated(),
	}, nil
}

func (c *Client) appendUntilKnown(
	ctx context.Context, request *annalsv1.AppendRequest,
) (*annalsv1.AppendResponse, error) {
	var waits backoff
	doubt := false
	for {
		answer, err := c.store.Append(ctx, request)
		if err == nil {
			return answer, nil
		}
		err = FromRPC(ctx, err, true)
		var failed *Error
		errors.As(err, &failed)
		doubt = (doubt || failed.OutcomeUnknown) && !tellsOutcome(failed.Reason)
		failed.OutcomeUnknown = doubt
		again := failed.OutcomeUnknown || failed.Reason == Unavailable
		if !again || !comesBack(failed) || isClosed(failed.cause) {
			return nil, err
		}
		if ended := c.sleep(ctx, waits.next(failed.RetryAfter)); ended != nil {
			failed.cause = errors.Join(ended, failed.cause)
			return nil, err
		}
	}
}

// tellsOutcome is true of refusals that the server gives after it has looked for the events' ids: none was written.
func tellsOutcome(reason Reason) bool {
	switch reason {
	case VersionConflict, DuplicateEventID, ForeignStream:
		return true
	default:
		return false
	}
}

// comesBack tells whether the same request may succeed later.
func comesBack(failed *Error) bool {
	switch failed.Reason {
	case Unavailable, Internal, DeadlineExceeded, Cancelled:
		return true
	default:
		return failed.Retryable
	}
}
