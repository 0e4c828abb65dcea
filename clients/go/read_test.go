package annals_test

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"testing"
	"time"

	annals "annals.dev/go"
)

func TestAnEventComesBackAsItWasGiven(t *testing.T) {
	client := connect(t, serverAddress)
	given := annals.NewEvent{
		ID: newTenant(), Type: "OrderPlaced", Data: []byte{0, 255}, ContentType: "application/x",
		OccurredAt: time.Date(1969, 7, 20, 20, 17, 40, 123456000, time.UTC),
		Metadata:   map[string]string{"k": "v"}, CorrelationID: "c", CausationID: "b", Tags: []string{"t", "s"},
	}
	if _, err := client.Append(context.Background(), order("1"), annals.ExpectAny(), given); err != nil {
		t.Fatal(err)
	}
	event, err := client.GetEvent(context.Background(), given.ID)
	if err != nil {
		t.Fatal(err)
	}
	if event.Stream != order("1") || event.Version != 1 || event.Position != 1 || event.RecordedAt.IsZero() {
		t.Fatalf("got %+v", event)
	}
	back := annals.NewEvent{
		ID: event.ID, Type: event.Type, Data: event.Data, ContentType: event.ContentType, OccurredAt: event.OccurredAt,
		Metadata: event.Metadata, CorrelationID: event.CorrelationID, CausationID: event.CausationID, Tags: event.Tags,
	}
	if !reflect.DeepEqual(back, given) {
		t.Fatalf("got %+v", back)
	}
}

func TestReadsAnswerTheEventsAskedForInTheirOrder(t *testing.T) {
	client := connect(t, serverAddress)
	for _, id := range []string{"a", "b", "a", "a"} {
		appendTo(t, client, id)
	}
	ctx := context.Background()
	onlyA := annals.Filter{AggregateIDs: []string{"a"}}
	for name, one := range map[string]struct {
		events iter.Seq2[annals.Event, error]
		want   []uint64
	}{
		"a stream":            {client.Read(ctx, order("a"), annals.ReadOptions{}), []uint64{1, 3, 4}},
		"its middle":          {client.Read(ctx, order("a"), annals.ReadOptions{FromVersion: 2, ToVersion: 2}), []uint64{3}},
		"its newest":          {client.Read(ctx, order("a"), annals.ReadOptions{Backwards: true, Limit: 2}), []uint64{4, 3}},
		"a log":               {client.ReadAll(ctx, annals.ReadAllOptions{}), []uint64{1, 2, 3, 4}},
		"a log after a place": {client.ReadAll(ctx, annals.ReadAllOptions{After: 1, Filter: onlyA}), []uint64{3, 4}},
		"a log backwards":     {client.ReadAll(ctx, annals.ReadAllOptions{Backwards: true, Before: 3}), []uint64{2, 1}},
	} {
		if got := positions(t, one.events); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestAStreamWithoutEventsIsAnError(t *testing.T) {
	client := connect(t, serverAddress)
	_, err := client.GetStream(context.Background(), order("none"))
	if reasonOf(err) != annals.StreamNotFound {
		t.Fatalf("got %v", err)
	}
	for _, err := range client.Read(context.Background(), order("none"), annals.ReadOptions{}) {
		if reasonOf(err) != annals.StreamNotFound {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := client.GetEvent(context.Background(), newTenant()); reasonOf(err) != annals.EventNotFound {
		t.Fatalf("got %v", err)
	}
}

func TestStreamsAndHeadsAreDescribed(t *testing.T) {
	client := connect(t, serverAddress)
	empty, err := client.GetHead(context.Background(), annals.TenantLog)
	if err != nil || empty != (annals.Head{}) {
		t.Fatalf("got %+v, %v", empty, err)
	}
	appendTo(t, client, "1")
	last := appendTo(t, client, "1")
	stream, err := client.GetStream(context.Background(), order("1"))
	if err != nil || stream.Stream != order("1") || stream.Version != 2 || !stream.UpdatedAt.Equal(last.RecordedAt) {
		t.Fatalf("got %+v, %v", stream, err)
	}
	head, err := client.GetHead(context.Background(), annals.TenantLog)
	if err != nil || head.Position != 2 || !head.RecordedAt.Equal(last.RecordedAt) {
		t.Fatalf("got %+v, %v", head, err)
	}
}

func TestEventsOfATypeComePageByPage(t *testing.T) {
	client := connect(t, serverAddress)
	for i := range 5 {
		appendTo(t, client, fmt.Sprint(i))
	}
	var sizes []int
	options := annals.EventsByTypeOptions{PageSize: 2}
	for more := true; more; more = options.PageToken != "" {
		page, err := client.GetEventsByType(context.Background(), "Order", options)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Events))
		options.PageToken = page.NextPageToken
	}
	if !reflect.DeepEqual(sizes, []int{2, 2, 1}) {
		t.Fatalf("got pages of %v", sizes)
	}
}

func TestTheWholeLogIsReadFromACursor(t *testing.T) {
	tenant := newTenant()
	client, operator := connectAs(t, serverAddress, tenant), connectAs(t, serverAddress, "*")
	head, err := operator.GetHead(context.Background(), annals.AllTenants)
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, client, "1")
	options := annals.ReadAllOptions{
		Scope: annals.AllTenants, AfterCursor: head.Cursor, Filter: annals.Filter{TenantIDs: []string{tenant}},
	}
	count := 0
	for event, err := range operator.ReadAll(context.Background(), options) {
		if err != nil || event.TenantID != tenant || event.GlobalPosition <= head.GlobalPosition {
			t.Fatalf("got %+v, %v", event, err)
		}
		count++
	}
	if count != 1 {
		t.Fatalf("got %d events", count)
	}
}

func positions(t *testing.T, events iter.Seq2[annals.Event, error]) []uint64 {
	t.Helper()
	var all []uint64
	for event, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, event.Position)
	}
	return all
}
