package annals

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// TokenSource gives a bearer token for a call. It is asked for each call, in the context of that call, and from many
// goroutines at once: keep the token until shortly before it expires.
type TokenSource func(ctx context.Context) (string, error)

func constantToken(token string) TokenSource {
	return func(context.Context) (string, error) { return token, nil }
}

// errTokenSource is in the error of a token source that failed: it may give a token later.
var errTokenSource = errors.New("the token source failed")

// identity gives every call its credentials.
type identity struct {
	token  TokenSource
	tenant string
}

func (i identity) unary(
	ctx context.Context, method string, request, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	ctx, err := i.sign(ctx)
	if err != nil {
		return err
	}
	return invoke(ctx, method, request, reply, conn, options...)
}

func (i identity) stream(
	ctx context.Context, description *grpc.StreamDesc,
	conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, err := i.sign(ctx)
	if err != nil {
		return nil, err
	}
	return open(ctx, description, conn, method, options...)
}

func (i identity) sign(ctx context.Context) (context.Context, error) {
	if i.token != nil {
		token, err := i.token(ctx)
		if err != nil {
			return nil, notSent(ctx, fmt.Errorf("%w: %w", errTokenSource, err))
		}
		if !isHeader(token) {
			return nil, notSent(ctx, errors.New("the token has characters that cannot be sent"))
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	if i.tenant != "" {
		if !isHeader(i.tenant) {
			return nil, notSent(ctx, errors.New("the tenant has characters that cannot be sent"))
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "x-tenant-id", i.tenant)
	}
	return ctx, nil
}

// isHeader tells whether gRPC sends a value as it is: it takes printable ASCII only.
func isHeader(value string) bool {
	return !strings.ContainsFunc(value, func(char rune) bool { return char < ' ' || char > '~' })
}

// notSent is the failure of a call that never left, for want of a credential.
func notSent(ctx context.Context, cause error) *Error {
	if ctx.Err() != nil {
		return &Error{Reason: reasonOfContext(ctx), Code: codeOfContext(ctx), Message: cause.Error(), cause: cause}
	}
	return &Error{Reason: Unauthenticated, Code: codes.Unauthenticated, Message: cause.Error(), cause: cause}
}
