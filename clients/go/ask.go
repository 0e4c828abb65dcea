package annals

import (
	"context"
	"time"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// StreamInfo is what is known of a stream without reading it.
type StreamInfo struct {
	Stream StreamID
	// Version is that of its last event, and so how many it has.
	Version uint64
	// CreatedAt and UpdatedAt are when the server wrote its first and its last event.
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Head is where a log ends.
type Head struct {
	// Position is that of a tenant's last event, 0 when there is none.
	Position uint64
	// Cursor and GlobalPosition are those of the whole log, of AllTenants only.
	Cursor         string
	GlobalPosition uint64
	// RecordedAt is when the last event was written; the zero time when there is none.
	RecordedAt time.Time
}

// EventsByTypeOptions narrow GetEventsByType.
type EventsByTypeOptions struct {
	// EventTypes are exact. Default: all.
	EventTypes []string
	// RecordedFrom is inclusive, RecordedBefore exclusive; the zero time is no bound.
	RecordedFrom   time.Time
	RecordedBefore time.Time
	// PageSize is the most events to answer, 1 to 1,000. Default, and 0: 100.
	PageSize uint32
	// PageToken is NextPageToken of the answer before, with all else unchanged. Default: the first page.
	PageToken string
}

// EventsByType is one page of events of an aggregate type, by position.
type EventsByType struct {
	Events []Event
	// NextPageToken is empty when this is the last page.
	NextPageToken string
}

// GetStream tells what is known of a stream; [StreamNotFound] when it has no events.
func (c *Client) GetStream(ctx context.Context, stream StreamID) (StreamInfo, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.store.GetStream(ctx, &annalsv1.GetStreamRequest{Stream: stream.toProto()})
	if err != nil {
		return StreamInfo{}, FromRPC(ctx, err, false)
	}
	info := answer.GetStream()
	return StreamInfo{
		Stream:    streamOf(info.GetStream()),
		Version:   info.GetAggregateVersion(),
		CreatedAt: info.GetCreatedAt().AsTime(),
		UpdatedAt: info.GetUpdatedAt().AsTime(),
	}, nil
}

// GetHead tells where a log ends now.
func (c *Client) GetHead(ctx context.Context, scope Scope) (Head, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.store.GetHead(ctx, &annalsv1.GetHeadRequest{Scope: scope.toProto()})
	if err != nil {
		return Head{}, FromRPC(ctx, err, false)
	}
	head := answer.GetHead()
	return Head{head.GetPosition(), head.GetCursor(), head.GetGlobalPosition(), timeOf(head.GetRecordedAt())}, nil
}

// GetEvent reads the event with an id, a UUID; [EventNotFound] when the tenant has none.
func (c *Client) GetEvent(ctx context.Context, id string) (Event, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.store.GetEvent(ctx, &annalsv1.GetEventRequest{EventId: id})
	if err != nil {
		return Event{}, FromRPC(ctx, err, false)
	}
	return eventOf(answer.GetEvent()), nil
}

// GetEventsByType reads a page of the events of one aggregate type.
func (c *Client) GetEventsByType(
	ctx context.Context, aggregateType string, options EventsByTypeOptions,
) (EventsByType, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.store.GetEventsByType(ctx, &annalsv1.GetEventsByTypeRequest{
		AggregateType:  aggregateType,
		EventTypes:     options.EventTypes,
		RecordedFrom:   timestampOf(options.RecordedFrom),
		RecordedBefore: timestampOf(options.RecordedBefore),
		PageSize:       options.PageSize,
		PageToken:      options.PageToken,
	})
	if err != nil {
		return EventsByType{}, FromRPC(ctx, err, false)
	}
	page := eventsOf(&annalsv1.EventPage{Events: answer.GetEvents()})
	return EventsByType{page, answer.GetNextPageToken()}, nil
}

// bounded gives a context a deadline that has none.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.timeout)
}
