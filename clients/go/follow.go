package annals

import (
	"context"
	"errors"
	"iter"
	"time"

	"google.golang.org/grpc/codes"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// FollowOptions say what to follow, and from where.
type FollowOptions struct {
	Scope Scope
	// After is where to start, exclusive. Default, and 0: the beginning.
	After uint64
	// AfterCursor is that of the whole log. Default, and "": the beginning.
	AfterCursor string
	// Filter picks events. Default: all.
	Filter Filter
	// OnRetry is told when the call was lost, and after what delay the next one is made. Default: nobody is told.
	OnRetry func(err error, delay time.Duration)
}

// Page is what a follower gets: events in order, and how far the log was read with them.
type Page struct {
	// Events may be empty: then the page only says how far the log was scanned.
	Events []Event
	// Position is where to go on once this page is handled, as FollowOptions.After; 0 in the whole log.
	Position uint64
	// Cursor is that of the whole log, as FollowOptions.AfterCursor; empty in a tenant's.
	Cursor string
	// CaughtUp is true when all that the log held has come: from here on events come as they are written. It comes
	// again after a lost call and after FellBehind.
	CaughtUp bool
	// FellBehind is true when the reader was too slow for that, and catches up again. It misses nothing.
	FellBehind bool
}

// Follow reads a log and goes on with what is appended, until the loop is left or ctx ends. When the call is lost it
// makes another from the end of the last page, so that no event is missed and none comes twice. What cannot mend
// itself, such as a denied permission, ends the loop with an error; so do the end of ctx and Close.
func (c *Client) Follow(ctx context.Context, options FollowOptions) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		from := ReadAllOptions{
			Scope: options.Scope, After: options.After, AfterCursor: options.AfterCursor, Filter: options.Filter,
		}
		var waits backoff
		for everConnected := false; ; {
			connected := false
			lost := error(&Error{Reason: Unavailable, Code: codes.Unavailable, Message: "the server ended the call"})
			for answer, err := range c.follow(ctx, from) {
				if err != nil {
					lost = err
					break
				}
				connected, everConnected, waits = true, true, backoff{}
				page, ok := pageOf(answer)
				if !ok {
					continue
				}
				if !yield(page, nil) {
					return
				}
				from.After, from.AfterCursor = page.Position, page.Cursor
			}
			var failed *Error
			errors.As(lost, &failed)
			if ctx.Err() != nil || !mayPass(failed, connected, everConnected) {
				yield(Page{}, lost)
				return
			}
			delay := waits.next(failed.RetryAfter)
			if options.OnRetry != nil {
				options.OnRetry(lost, delay)
			}
			if c.sleep(ctx, delay) != nil {
				yield(Page{}, FromRPC(ctx, ctx.Err(), false))
				return
			}
		}
	}
}

func (c *Client) follow(ctx context.Context, from ReadAllOptions) iter.Seq2[*annalsv1.ReadAllResponse, error] {
	request := from.toProto()
	request.Follow = true
	return answersOf(ctx, c.store.ReadAll, request)
}

// pageOf answers false for the first answer, which only has the head, and for what a newer server has to say.
func pageOf(answer *annalsv1.ReadAllResponse) (Page, bool) {
	switch kind := answer.GetAnswer().(type) {
	case *annalsv1.ReadAllResponse_Page:
		page := Page{Events: eventsOf(kind.Page), Cursor: kind.Page.GetCursor()}
		if len(page.Events) == 0 {
			return Page{}, false
		}
		if page.Cursor == "" {
			page.Position = page.Events[len(page.Events)-1].Position
		}
		return page, true
	case *annalsv1.ReadAllResponse_Checkpoint:
		return pageAt(kind.Checkpoint), true
	case *annalsv1.ReadAllResponse_CaughtUp:
		page := pageAt(kind.CaughtUp.GetCheckpoint())
		page.CaughtUp = true
		return page, true
	case *annalsv1.ReadAllResponse_FellBehind:
		page := pageAt(kind.FellBehind.GetCheckpoint())
		page.FellBehind = true
		return page, true
	default:
		return Page{}, false
	}
}

func pageAt(checkpoint *annalsv1.Checkpoint) Page {
	return Page{Position: checkpoint.GetPosition(), Cursor: checkpoint.GetCursor()}
}

// mayPass tells whether coming again may help. A credential that was good may have run out in the meantime, and a
// token source that has given one may fail for a while.
func mayPass(failed *Error, connected, everConnected bool) bool {
	switch failed.Reason {
	case Unavailable, Internal, DeadlineExceeded:
		return true
	case LimitExceeded:
		return failed.Retryable
	case Unauthenticated:
		return connected || everConnected && errors.Is(failed, errTokenSource)
	default:
		return false
	}
}
