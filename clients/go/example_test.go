package annals_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	annals "annals.dev/go"
)

func Example() {
	ctx := context.Background()
	client, err := annals.Connect(serverAddress, annals.Options{
		Tenant: "2f1d9c3e-6a54-4c59-9a43-0f6f5b7c8d10",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	head, err := client.GetHead(ctx, annals.TenantLog)
	if err != nil {
		log.Fatal(err)
	}
	order := annals.StreamID{AggregateType: "Order", AggregateID: fmt.Sprintf("order-%d", head.Position)}
	placed := annals.NewEvent{Type: "OrderPlaced", Data: []byte(`{"total":299.99}`)}
	if _, err := client.Append(ctx, order, annals.ExpectNoStream(), placed); err != nil {
		log.Fatal(err)
	}

	_, err = client.Append(ctx, order, annals.ExpectNoStream(), placed)
	var conflict *annals.VersionConflictError
	if errors.As(err, &conflict) {
		fmt.Println("the stream is at", conflict.ActualVersion)
	}

	for page, err := range client.Follow(ctx, annals.FollowOptions{After: head.Position}) {
		if err != nil {
			log.Fatal(err)
		}
		for _, event := range page.Events {
			fmt.Println(event.Type, string(event.Data))
		}
		if page.CaughtUp {
			break
		}
	}
	// Output:
	// the stream is at 1
	// OrderPlaced {"total":299.99}
}
