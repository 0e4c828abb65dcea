package annals_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	annals "annals.dev/go"
)

func TestALostRaceSaysWhereTheStreamIs(t *testing.T) {
	client := connect(t, serverAddress)
	appendTo(t, client, "1")
	_, err := client.Append(context.Background(), order("1"), annals.ExpectNoStream(), placed())
	var conflict *annals.VersionConflictError
	if !errors.As(err, &conflict) || conflict.Expected != "no_stream" || conflict.ActualVersion != 1 {
		t.Fatalf("got %#v", err)
	}
	var failed *annals.Error
	if !errors.As(err, &failed) || failed.Reason != annals.VersionConflict || failed.RequestID == "" || failed.OutcomeUnknown {
		t.Fatalf("got %#v", failed)
	}
	if status.Code(err) != codes.Aborted {
		t.Fatalf("got code %v", status.Code(err))
	}
}

func TestTheExpectedVersionDecides(t *testing.T) {
	client := connect(t, serverAddress)
	for _, step := range []struct {
		expected annals.ExpectedVersion
		fails    annals.Reason
	}{
		{annals.ExpectedVersion{}, annals.InvalidArgument},
		{annals.ExpectStreamExists(), annals.VersionConflict},
		{annals.ExpectVersion(0), ""},
		{annals.ExpectVersion(0), annals.VersionConflict},
		{annals.ExpectVersion(1), ""},
		{annals.ExpectStreamExists(), ""},
		{annals.ExpectAny(), ""},
	} {
		_, err := client.Append(context.Background(), order("1"), step.expected, placed())
		if reasonOf(err) != step.fails {
			t.Fatalf("%v: got %v", step, err)
		}
	}
}

func TestAnAppendSentAgainWithItsIDsIsNotWrittenTwice(t *testing.T) {
	client := connect(t, serverAddress)
	event := placed()
	event.ID = newTenant()
	for _, again := range []bool{false, true} {
		result, err := client.Append(context.Background(), order("1"), annals.ExpectNoStream(), event)
		if err != nil || result.Version != 1 || result.LastPosition != 1 || result.Deduplicated != again {
			t.Fatalf("got %+v, %v", result, err)
		}
	}
}

func TestALostAnswerIsAskedForAgainWithTheSameIDs(t *testing.T) {
	proxy := startProxy(t, serverAddress)
	client := connect(t, proxy.address)
	appendTo(t, client, "1")
	proxy.loseNextAnswer()
	result, err := client.Append(context.Background(), order("1"), annals.ExpectVersion(1), placed(), placed())
	if err != nil || result.Version != 3 || !result.Deduplicated || !proxy.lost() {
		t.Fatalf("got %+v, %v", result, err)
	}
}

func TestWithoutAServerAnAppendIsTriedUntilItsContextEnds(t *testing.T) {
	client := connect(t, closedPort(t))
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := client.Append(ctx, order("1"), annals.ExpectAny(), placed())
	var failed *annals.Error
	if !errors.As(err, &failed) || !failed.OutcomeUnknown || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestAnAppendOfAClosedClientIsNotSent(t *testing.T) {
	client := connect(t, serverAddress)
	_ = client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := client.Append(ctx, order("1"), annals.ExpectAny(), placed())
	var failed *annals.Error
	if !errors.As(err, &failed) || failed.Reason != annals.Cancelled || failed.OutcomeUnknown || ctx.Err() != nil {
		t.Fatalf("got %#v", err)
	}
}

func TestCloseEndsAnAppendAndLeavesItsDoubt(t *testing.T) {
	var client *annals.Client
	store := &fakeStore{append: func() error {
		time.AfterFunc(100*time.Millisecond, func() { _ = client.Close() })
		return comeBackLater()
	}}
	client = connect(t, startFake(t, store))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := client.Append(ctx, order("1"), annals.ExpectAny(), placed())
	var failed *annals.Error
	if !errors.As(err, &failed) || failed.Reason != annals.Cancelled || !failed.OutcomeUnknown || store.calls.Load() != 1 {
		t.Fatalf("got %#v after %d calls", err, store.calls.Load())
	}
}

func TestTheTextOfAClosedClientFromAProxyLeavesDoubt(t *testing.T) {
	answer := status.Error(codes.Canceled, status.Convert(grpc.ErrClientConnClosing).Message())
	err := annals.FromRPC(context.Background(), answer, true)
	var failed *annals.Error
	if !errors.As(err, &failed) || failed.Reason != annals.Unavailable || !failed.OutcomeUnknown {
		t.Fatalf("got %#v", err)
	}
}

func TestABrokenRequestNamesItsField(t *testing.T) {
	client := connect(t, serverAddress)
	_, err := client.Append(context.Background(), order("1"), annals.ExpectAny(), placed(), annals.NewEvent{})
	var failed *annals.Error
	if !errors.As(err, &failed) || failed.Reason != annals.InvalidArgument {
		t.Fatalf("got %v", err)
	}
	if field := failed.Detail.GetInvalidArgument().GetField(); field != "events[1].event_type" {
		t.Fatalf("got %q", field)
	}
}

// reasonOf is empty for nil.
func reasonOf(err error) annals.Reason {
	var failed *annals.Error
	if !errors.As(err, &failed) {
		return ""
	}
	return failed.Reason
}
