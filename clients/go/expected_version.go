package annals

import (
	"google.golang.org/protobuf/types/known/emptypb"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// ExpectedVersion is what a stream must be for an append to happen. The zero value is refused: there is no default.
type ExpectedVersion struct {
	wire *annalsv1.ExpectedVersion
}

// ExpectVersion expects the stream's version to be exactly this; 0 means that it has no events.
func ExpectVersion(version uint64) ExpectedVersion {
	return ExpectedVersion{&annalsv1.ExpectedVersion{Kind: &annalsv1.ExpectedVersion_Exactly{Exactly: version}}}
}

// ExpectNoStream expects the stream to have no events.
func ExpectNoStream() ExpectedVersion {
	kind := &annalsv1.ExpectedVersion_NoStream{NoStream: &emptypb.Empty{}}
	return ExpectedVersion{&annalsv1.ExpectedVersion{Kind: kind}}
}

// ExpectStreamExists expects the stream to have at least one event.
func ExpectStreamExists() ExpectedVersion {
	kind := &annalsv1.ExpectedVersion_StreamExists{StreamExists: &emptypb.Empty{}}
	return ExpectedVersion{&annalsv1.ExpectedVersion{Kind: kind}}
}

// ExpectAny appends whatever the stream's version is.
func ExpectAny() ExpectedVersion {
	kind := &annalsv1.ExpectedVersion_Any{Any: &emptypb.Empty{}}
	return ExpectedVersion{&annalsv1.ExpectedVersion{Kind: kind}}
}

func (e ExpectedVersion) toProto() *annalsv1.ExpectedVersion { return e.wire }
