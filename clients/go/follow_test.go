package annals_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	annals "annals.dev/go"
	annalsv1 "annals.dev/go/gen/annals/v1"
	"annals.dev/go/internal/testserver"
)

// patience ends a follow that waits in vain.
const patience = time.Minute

func TestAFollowerIsToldWhenItHasCaughtUpAndGoesOnLive(t *testing.T) {
	client := connect(t, serverAddress)
	appendTo(t, client, "1")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var seen []uint64
	for page, err := range client.Follow(ctx, annals.FollowOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, positionsIn(page)...)
		if page.CaughtUp {
			if !reflect.DeepEqual(seen, []uint64{1}) || page.Position != 1 {
				t.Fatalf("caught up after %v", seen)
			}
			appendTo(t, client, "2")
		}
		if len(seen) == 2 {
			break
		}
	}
	if !reflect.DeepEqual(seen, []uint64{1, 2}) {
		t.Fatalf("got %v", seen)
	}
}

func TestAFollowerGoesOnWhenTheServerWasKilledAndStartedAgain(t *testing.T) {
	folder := t.TempDir()
	server, err := testserver.Start("127.0.0.1:0", folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Kill() }()
	client := connect(t, server.Address)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const before, after = 3, 3
	for range before {
		appendTo(t, client, "1")
	}
	var seen []uint64
	retries, restarted := 0, false
	options := annals.FollowOptions{OnRetry: func(error, time.Duration) { retries++ }}
	for page, err := range client.Follow(ctx, options) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, positionsIn(page)...)
		if len(seen) == before+after {
			break
		}
		if !page.CaughtUp || restarted {
			continue
		}
		restarted = true
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if server, err = testserver.Start(server.Address, folder); err != nil {
			t.Fatal(err)
		}
		for range after {
			appendTo(t, client, "1")
		}
	}
	if !reflect.DeepEqual(seen, []uint64{1, 2, 3, 4, 5, 6}) || retries == 0 {
		t.Fatalf("got %v after %d retries", seen, retries)
	}
}

func TestTheEndOfItsContextEndsAFollow(t *testing.T) {
	client := connect(t, serverAddress)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	for page, err := range client.Follow(ctx, annals.FollowOptions{}) {
		if last = err; page.CaughtUp {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || reasonOf(last) != annals.Cancelled {
		t.Fatalf("got %v", last)
	}
}

func TestCloseEndsAFollow(t *testing.T) {
	client := connect(t, serverAddress)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last error
	for page, err := range client.Follow(ctx, annals.FollowOptions{}) {
		if last = err; page.CaughtUp {
			_ = client.Close()
		}
	}
	if reasonOf(last) != annals.Cancelled || ctx.Err() != nil {
		t.Fatalf("got %v", last)
	}
}

func TestCloseEndsAFollowThatWaitsForItsNextCall(t *testing.T) {
	client := connect(t, startFake(t, &fakeStore{
		readAll: func(int32, grpc.ServerStreamingServer[annalsv1.ReadAllResponse]) error { return comeBackLater() },
	}))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last error
	options := annals.FollowOptions{OnRetry: func(error, time.Duration) { _ = client.Close() }}
	for _, err := range client.Follow(ctx, options) {
		last = err
	}
	if reasonOf(last) != annals.Cancelled || ctx.Err() != nil {
		t.Fatalf("got %v", last)
	}
}

func TestATokenThatIsNoLongerGoodEndsAFollow(t *testing.T) {
	refused := status.Error(codes.Unauthenticated, "the token has expired")
	store := &fakeStore{readAll: func(n int32, answers grpc.ServerStreamingServer[annalsv1.ReadAllResponse]) error {
		if n == 1 {
			_ = answers.Send(caughtUp)
		}
		return refused
	}}
	client := connect(t, startFake(t, store))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var last error
	for _, err := range client.Follow(ctx, annals.FollowOptions{}) {
		last = err
	}
	if reasonOf(last) != annals.Unauthenticated || store.calls.Load() != 2 {
		t.Fatalf("got %v after %d calls", last, store.calls.Load())
	}
}

func TestAFollowGoesOnWhenItsTokenSourceFailsForAWhile(t *testing.T) {
	store := &fakeStore{readAll: func(n int32, answers grpc.ServerStreamingServer[annalsv1.ReadAllResponse]) error {
		_ = answers.Send(caughtUp)
		return status.Error(codes.Unavailable, "going away")
	}}
	asked := 0
	client, err := annals.Connect(startFake(t, store), annals.Options{
		TokenSource: func(context.Context) (string, error) {
			if asked++; asked == 2 || asked == 3 {
				return "", errors.New("no token now")
			}
			return "t", nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pages := 0
	for _, err := range client.Follow(ctx, annals.FollowOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if pages++; pages == 2 {
			break
		}
	}
	if pages != 2 || asked != 4 {
		t.Fatalf("got %d pages, asked %d times", pages, asked)
	}
}

func TestWhatCannotMendEndsAFollow(t *testing.T) {
	client := connect(t, serverAddress)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last error
	for _, err := range client.Follow(ctx, annals.FollowOptions{Scope: annals.AllTenants}) {
		last = err
	}
	if reasonOf(last) != annals.PermissionDenied {
		t.Fatalf("got %v", last)
	}
}

func positionsIn(page annals.Page) []uint64 {
	var all []uint64
	for _, event := range page.Events {
		all = append(all, event.Position)
	}
	return all
}
