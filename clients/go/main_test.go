package annals_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"testing"

	annals "annals.dev/go"
	"annals.dev/go/internal/testserver"
)

// serverAddress is where the server listens that all tests share.
var serverAddress string

func TestMain(m *testing.M) {
	os.Exit(withServer(m.Run))
}

func withServer(run func() int) int {
	folder, err := os.MkdirTemp("", "annals-go-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	server, err := testserver.Start("127.0.0.1:0", folder)
	if err != nil {
		panic(err)
	}
	defer func() { _ = server.Stop() }()
	serverAddress = server.Address
	return run()
}

// newTenant is a UUID that no other test has.
func newTenant() string {
	var id [16]byte
	_, _ = rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// connect makes a client of a tenant of its own.
func connect(t *testing.T, address string) *annals.Client {
	t.Helper()
	return connectAs(t, address, newTenant())
}

func connectAs(t *testing.T, address, tenant string) *annals.Client {
	t.Helper()
	client, err := annals.Connect(address, annals.Options{Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func order(id string) annals.StreamID {
	return annals.StreamID{AggregateType: "Order", AggregateID: id}
}

func placed() annals.NewEvent {
	return annals.NewEvent{Type: "OrderPlaced", Data: []byte(`{"total":1}`)}
}

// appendTo appends one event and fails the test when it cannot.
func appendTo(t *testing.T, client *annals.Client, id string) annals.AppendResult {
	t.Helper()
	result, err := client.Append(context.Background(), order(id), annals.ExpectAny(), placed())
	if err != nil {
		t.Fatal(err)
	}
	return result
}
