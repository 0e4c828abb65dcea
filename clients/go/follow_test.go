package annals_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	annals "annals.dev/go"
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
