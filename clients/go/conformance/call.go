package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "annals.dev/go/gen/annals/v1" // registers the contract
)

// patience is how long an answer may take.
const patience = 10 * time.Second

// answers are those of one call.
type answers struct {
	stream grpc.ClientStream
	output protoreflect.MessageType
	cancel context.CancelFunc
}

// call makes a step's call: every kind of call is a stream to gRPC.
func (r *run) call(ctx context.Context, one step, cancel context.CancelFunc) (*answers, error) {
	service, name, found := strings.Cut(one.Call, "/")
	if !found {
		service, name = "annals.v1.EventStore", one.Call
	}
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + name))
	if err != nil {
		return nil, err
	}
	method, ok := descriptor.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is not a method", one.Call)
	}
	input, err := protoregistry.GlobalTypes.FindMessageByName(method.Input().FullName())
	if err != nil {
		return nil, err
	}
	output, err := protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName())
	if err != nil {
		return nil, err
	}
	sent, err := r.metadata(one)
	if err != nil {
		return nil, err
	}
	kind := &grpc.StreamDesc{ServerStreams: method.IsStreamingServer(), ClientStreams: method.IsStreamingClient()}
	stream, err := r.conn.NewStream(metadata.NewOutgoingContext(ctx, sent), kind, "/"+service+"/"+name)
	if err != nil {
		return nil, err
	}
	requests := one.Requests
	if requests == nil {
		requests = []json.RawMessage{one.Request}
	}
	for _, request := range requests {
		message := input.New().Interface()
		if len(request) > 0 {
			if err := protojson.Unmarshal(request, message); err != nil {
				return nil, err
			}
		}
		// An error of the call shows when its answers are read.
		if err := stream.SendMsg(message); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return &answers{stream, output, cancel}, stream.CloseSend()
}

func (r *run) metadata(one step) (metadata.MD, error) {
	switch {
	case one.Metadata != nil:
		return metadata.New(one.Metadata), nil
	case one.As == "none":
		return metadata.MD{}, nil
	case one.As == "operator":
		return metadata.Pairs("x-tenant-id", "*"), nil
	case one.As == "":
		one.As = "a"
	}
	tenant, err := r.value("tenant " + one.As)
	return metadata.Pairs("x-tenant-id", tenant), err
}

// next is the next answer as JSON, io.EOF after the last.
func (a *answers) next() (map[string]any, error) {
	late := time.AfterFunc(patience, a.cancel)
	defer late.Stop()
	message := a.output.New().Interface()
	if err := a.stream.RecvMsg(message); err != nil {
		return nil, err
	}
	return jsonOf(message)
}

func jsonOf(message proto.Message) (map[string]any, error) {
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	return fields, json.Unmarshal(text, &fields)
}
