package annals_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// fakeStore answers as a test wants: what a real server does only after a while, or seldom.
type fakeStore struct {
	annalsv1.UnimplementedEventStoreServer
	calls atomic.Int32
	// readAll answers the nth call, from 1.
	readAll func(n int32, answers grpc.ServerStreamingServer[annalsv1.ReadAllResponse]) error
	append  func() error
}

func (f *fakeStore) ReadAll(
	_ *annalsv1.ReadAllRequest, answers grpc.ServerStreamingServer[annalsv1.ReadAllResponse],
) error {
	return f.readAll(f.calls.Add(1), answers)
}

func (f *fakeStore) Append(context.Context, *annalsv1.AppendRequest) (*annalsv1.AppendResponse, error) {
	f.calls.Add(1)
	return nil, f.append()
}

// startFake serves a fake store and tells where.
func startFake(t *testing.T, store *fakeStore) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	annalsv1.RegisterEventStoreServer(server, store)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

var caughtUp = &annalsv1.ReadAllResponse{Answer: &annalsv1.ReadAllResponse_CaughtUp{CaughtUp: &annalsv1.CaughtUp{}}}

// comeBackLater is a failure that may mend, later than a test waits.
func comeBackLater() error {
	answer, err := status.New(codes.Unavailable, "come back later").WithDetails(&annalsv1.ErrorDetail{
		Reason:         annalsv1.ErrorReason_ERROR_REASON_UNAVAILABLE,
		RetryAfter:     durationpb.New(time.Hour),
		OutcomeUnknown: true,
	})
	if err != nil {
		panic(err)
	}
	return answer.Err()
}
