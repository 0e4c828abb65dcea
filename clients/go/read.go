package annals

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// ReadOptions say which events of a stream.
type ReadOptions struct {
	// FromVersion is the lowest wanted. Default, and 0: 1.
	FromVersion uint64
	// ToVersion is the highest wanted. Default, and 0: the stream's last.
	ToVersion uint64
	// Backwards reads newest first.
	Backwards bool
	// Limit is the most events to read. Default, and 0: all.
	Limit uint64
}

// Scope says which log a call is about.
type Scope int

const (
	// TenantLog is the log of the caller's tenant.
	TenantLog Scope = iota
	// AllTenants is the whole log, for operators.
	AllTenants
)

// ReadAllOptions say which events of a log, and where to start. A tenant's log has positions, the whole log has
// cursors.
type ReadAllOptions struct {
	Scope Scope
	// After is where to start, exclusive. Default, and 0: the beginning.
	After uint64
	// AfterCursor is that of the whole log. Default, and "": the beginning.
	AfterCursor string
	// Backwards reads newest first, from Before or BeforeCursor instead.
	Backwards bool
	// Before is where to start, exclusive. Default, and 0: the end.
	Before uint64
	// BeforeCursor is that of the whole log. Default, and "": the end.
	BeforeCursor string
	// Filter picks events. Default: all.
	Filter Filter
	// Limit is the most events to read. Default, and 0: all.
	Limit uint64
}

// Filter picks the events that meet every part that is set; within a list, any of its values.
type Filter struct {
	AggregateTypes []string
	AggregateIDs   []string
	EventTypes     []string
	// EventTypePrefixes are joined by "or" with EventTypes.
	EventTypePrefixes []string
	// Tags must all be on the event.
	Tags []string
	// RecordedFrom is inclusive, RecordedBefore exclusive; the zero time is no bound.
	RecordedFrom   time.Time
	RecordedBefore time.Time
	// TenantIDs narrows the whole log, of AllTenants only.
	TenantIDs []string
}

// Read reads a stream, page by page as the loop goes on; leaving the loop ends the call. An error ends the loop; a
// stream without events is one, with the reason [StreamNotFound].
func (c *Client) Read(ctx context.Context, stream StreamID, options ReadOptions) iter.Seq2[Event, error] {
	request := &annalsv1.ReadRequest{
		Stream:      stream.toProto(),
		FromVersion: options.FromVersion,
		ToVersion:   options.ToVersion,
		Direction:   directionOf(options.Backwards),
		Limit:       options.Limit,
	}
	return eventsIn(ctx, c.store.Read, request)
}

// ReadAll reads a log up to its end, page by page as the loop goes on; leaving the loop ends the call. An error ends
// the loop. [Client.Follow] goes on from the end.
func (c *Client) ReadAll(ctx context.Context, options ReadAllOptions) iter.Seq2[Event, error] {
	return eventsIn(ctx, c.store.ReadAll, options.toProto())
}

// answerOf is what the answers of Read and ReadAll share.
type answerOf[T any] interface {
	*T
	GetPage() *annalsv1.EventPage
}

// openCall makes a call with a stream of answers, such as that of a generated client.
type openCall[R, T any] func(context.Context, R, ...grpc.CallOption) (grpc.ServerStreamingClient[T], error)

func eventsIn[R proto.Message, T any, A answerOf[T]](
	ctx context.Context, open openCall[R, T], request R,
) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for answer, err := range answersOf(ctx, open, request) {
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, event := range eventsOf(A(answer).GetPage()) {
				if !yield(event, nil) {
					return
				}
			}
		}
	}
}

// answersOf pulls the answers of one call, and ends it when the loop is left.
func answersOf[R proto.Message, T any](
	ctx context.Context, open openCall[R, T], request R,
) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if err := check(request); err != nil {
			yield(nil, err)
			return
		}
		call, cancel := context.WithCancel(ctx)
		defer cancel()
		answers, err := open(call, request)
		for err == nil {
			var answer *T
			if answer, err = answers.Recv(); err == nil && !yield(answer, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, FromRPC(ctx, err, false))
		}
	}
}

func directionOf(backwards bool) annalsv1.Direction {
	if backwards {
		return annalsv1.Direction_DIRECTION_BACKWARDS
	}
	return annalsv1.Direction_DIRECTION_FORWARDS
}

func (s Scope) toProto() annalsv1.Scope {
	if s == AllTenants {
		return annalsv1.Scope_SCOPE_ALL_TENANTS
	}
	return annalsv1.Scope_SCOPE_TENANT
}

func (o ReadAllOptions) toProto() *annalsv1.ReadAllRequest {
	request := &annalsv1.ReadAllRequest{Scope: o.Scope.toProto(), Limit: o.Limit, Filter: o.Filter.toProto()}
	switch {
	case o.Backwards && o.Scope == AllTenants:
		request.Start = &annalsv1.ReadAllRequest_BeforeCursor{BeforeCursor: o.BeforeCursor}
	case o.Backwards:
		request.Start = &annalsv1.ReadAllRequest_BeforePosition{BeforePosition: o.Before}
	case o.Scope == AllTenants:
		request.Start = &annalsv1.ReadAllRequest_AfterCursor{AfterCursor: o.AfterCursor}
	default:
		request.Start = &annalsv1.ReadAllRequest_AfterPosition{AfterPosition: o.After}
	}
	return request
}

func (f Filter) toProto() *annalsv1.Filter {
	return &annalsv1.Filter{
		AggregateTypes:    f.AggregateTypes,
		AggregateIds:      f.AggregateIDs,
		EventTypes:        f.EventTypes,
		EventTypePrefixes: f.EventTypePrefixes,
		Tags:              f.Tags,
		RecordedFrom:      timestampOf(f.RecordedFrom),
		RecordedBefore:    timestampOf(f.RecordedBefore),
		TenantIds:         f.TenantIDs,
	}
}
