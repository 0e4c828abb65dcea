package annals

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// check refuses a request that can never be sent: a string in it is not UTF-8.
func check(request proto.Message) error {
	if _, err := proto.Marshal(request); err != nil {
		return &Error{Reason: InvalidArgument, Code: codes.InvalidArgument, Message: err.Error(), cause: err}
	}
	return nil
}

// checkRequest does so for every unary call.
func checkRequest(
	ctx context.Context, method string, request, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if message, ok := request.(proto.Message); ok {
		if err := check(message); err != nil {
			return err
		}
	}
	return invoke(ctx, method, request, reply, conn, options...)
}
