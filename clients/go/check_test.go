package annals_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	annals "annals.dev/go"
)

const latin1 = "caf\xe9"

func TestARequestThatIsNotUTF8IsNotSent(t *testing.T) {
	client := connect(t, closedPort(t))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	filter := annals.Filter{AggregateIDs: []string{latin1}}
	for name, call := range map[string]func() error{
		"Append, its stream": func() error {
			_, err := client.Append(ctx, order(latin1), annals.ExpectAny(), placed())
			return err
		},
		"Append, an event": func() error {
			event := annals.NewEvent{Type: "OrderPlaced", Metadata: map[string]string{"k": latin1}}
			_, err := client.Append(ctx, order("1"), annals.ExpectAny(), event)
			return err
		},
		"Read":    func() error { return firstError(client.Read(ctx, order(latin1), annals.ReadOptions{})) },
		"ReadAll": func() error { return firstError(client.ReadAll(ctx, annals.ReadAllOptions{Filter: filter})) },
		"Follow":  func() error { return firstError(client.Follow(ctx, annals.FollowOptions{Filter: filter})) },
		"GetStream": func() error {
			_, err := client.GetStream(ctx, order(latin1))
			return err
		},
		"GetEvent": func() error {
			_, err := client.GetEvent(ctx, latin1)
			return err
		},
		"GetEventsByType": func() error {
			_, err := client.GetEventsByType(ctx, latin1, annals.EventsByTypeOptions{})
			return err
		},
	} {
		err := call()
		var failed *annals.Error
		if !errors.As(err, &failed) || failed.Reason != annals.InvalidArgument || failed.OutcomeUnknown {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestACredentialThatCannotBeSentIsRefused(t *testing.T) {
	for name, options := range map[string]annals.Options{
		"a line feed":   {Token: "secret\n"},
		"not ASCII":     {Token: "secret\u00e9"},
		"not UTF-8":     {Token: "secret\xe9"},
		"DEL":           {Token: "secret\x7f"},
		"from a source": {TokenSource: func(context.Context) (string, error) { return "secret\n", nil }},
		"a tenant":      {Tenant: "secret\n"},
	} {
		client, err := annals.Connect(serverAddress, options)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err = client.Append(ctx, order("1"), annals.ExpectAny(), placed())
		for _, err := range []error{err, firstError(client.Follow(ctx, annals.FollowOptions{}))} {
			var failed *annals.Error
			if !errors.As(err, &failed) || failed.Reason != annals.Unauthenticated || failed.OutcomeUnknown {
				t.Errorf("%s: got %v", name, err)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error shows it: %v", name, err)
			}
		}
		cancel()
		_ = client.Close()
	}
}

// firstError is nil when there is none.
func firstError[T any](answers iter.Seq2[T, error]) error {
	for _, err := range answers {
		if err != nil {
			return err
		}
	}
	return nil
}
