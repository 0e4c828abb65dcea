package annals

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstDelay   = 100 * time.Millisecond
	longestDelay = 5 * time.Second
)

// backoff is the delay between attempts: it doubles, and half of it is chance. The zero value is ready.
type backoff struct {
	delay time.Duration
}

// next is how long to wait now, and no less than a server asked for.
func (b *backoff) next(least time.Duration) time.Duration {
	b.delay = min(max(firstDelay, 2*b.delay), longestDelay)
	return max(least, b.delay/2+rand.N(b.delay/2))
}

// sleep waits that long, or until the client is closed: the next call tells. It returns the context's error when that
// ends first.
func (c *Client) sleep(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closed.Done():
		return nil
	case <-timer.C:
		return nil
	}
}
