package annals

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// StreamID names an aggregate's stream inside the caller's tenant. Each part has 1 to 255 bytes of UTF-8.
type StreamID struct {
	AggregateType string
	AggregateID   string
}

// NewEvent is an event to append.
type NewEvent struct {
	// ID is a UUID, unique within the tenant for ever. Default: made by Append, which then retries with it.
	ID string
	// Type says what happened, for example "OrderPlaced". Required.
	Type string
	// OccurredAt is kept to the microsecond. Default, and zero: when the server writes it.
	OccurredAt time.Time
	// Data is the payload, opaque, at most 1 MiB.
	Data []byte
	// ContentType is the media type of Data. Default: "application/json".
	ContentType string
	// Metadata is never interpreted. Default: none.
	Metadata map[string]string
	// CorrelationID groups the events of one business flow. Default: none.
	CorrelationID string
	// CausationID is the id of what caused this event. Default: none.
	CausationID string
	// Tags are labels to filter by, at most 32. Default: none.
	Tags []string
}

// Event is an event as the log holds it.
type Event struct {
	TenantID string
	ID       string
	Stream   StreamID
	Type     string
	// Version counts 1, 2, 3 ... inside the stream.
	Version uint64
	// Position counts 1, 2, 3 ... inside the tenant's log.
	Position uint64
	// GlobalPosition counts 1, 2, 3 ... inside the whole log; 0 unless that was read.
	GlobalPosition uint64
	OccurredAt     time.Time
	// RecordedAt is when the server wrote it.
	RecordedAt    time.Time
	Data          []byte
	ContentType   string
	Metadata      map[string]string
	CorrelationID string
	CausationID   string
	Tags          []string
}

func (s StreamID) toProto() *annalsv1.StreamId {
	return &annalsv1.StreamId{AggregateType: s.AggregateType, AggregateId: s.AggregateID}
}

func streamOf(id *annalsv1.StreamId) StreamID {
	return StreamID{id.GetAggregateType(), id.GetAggregateId()}
}

func (e NewEvent) toProto() *annalsv1.NewEvent {
	return &annalsv1.NewEvent{
		EventId:       e.ID,
		EventType:     e.Type,
		OccurredAt:    timestampOf(e.OccurredAt),
		Data:          e.Data,
		ContentType:   e.ContentType,
		Metadata:      e.Metadata,
		CorrelationId: e.CorrelationID,
		CausationId:   e.CausationID,
		Tags:          e.Tags,
	}
}

func eventOf(e *annalsv1.RecordedEvent) Event {
	return Event{
		TenantID:      e.GetTenantId(),
		ID:            e.GetEventId(),
		Stream:        StreamID{e.GetAggregateType(), e.GetAggregateId()},
		Type:          e.GetEventType(),
		Version:       e.GetAggregateVersion(),
		Position:      e.GetPosition(),
		OccurredAt:    e.GetOccurredAt().AsTime(),
		RecordedAt:    e.GetRecordedAt().AsTime(),
		Data:          e.GetData(),
		ContentType:   e.GetContentType(),
		Metadata:      e.GetMetadata(),
		CorrelationID: e.GetCorrelationId(),
		CausationID:   e.GetCausationId(),
		Tags:          e.GetTags(),
	}
}

func eventsOf(page *annalsv1.EventPage) []Event {
	events := make([]Event, len(page.GetEvents()))
	for i, event := range page.GetEvents() {
		events[i] = eventOf(event)
		if i < len(page.GetGlobalPositions()) {
			events[i].GlobalPosition = page.GetGlobalPositions()[i]
		}
	}
	return events
}

// timestampOf is nil for the zero time: the field is not set.
func timestampOf(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf is the zero time where the field is not set.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
