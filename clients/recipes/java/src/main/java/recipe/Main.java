package recipe;

import annals.v1.Event.NewEvent;
import annals.v1.Event.StreamId;
import annals.v1.EventStoreGrpc;
import annals.v1.EventStoreOuterClass.AppendRequest;
import annals.v1.EventStoreOuterClass.ExpectedVersion;
import annals.v1.EventStoreOuterClass.ReadRequest;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Appends one event and reads it back. Its argument is the server's address, host:port. */
public final class Main {
  private static final Metadata.Key<String> TENANT =
      Metadata.Key.of("x-tenant-id", Metadata.ASCII_STRING_MARSHALLER);

  public static void main(String[] arguments) {
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(arguments[0]).usePlaintext().build();
    try {
      Metadata credentials = new Metadata();
      credentials.put(TENANT, "2f1d9c3e-6a54-4c59-9a43-0f6f5b7c8d10");
      appendAndRead(
          EventStoreGrpc.newBlockingStub(channel)
              .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(credentials)));
    } finally {
      channel.shutdownNow();
    }
  }

  private static void appendAndRead(EventStoreGrpc.EventStoreBlockingStub store) {
    StreamId order =
        StreamId.newBuilder()
            .setAggregateType("Order")
            .setAggregateId(UUID.randomUUID().toString())
            .build();
    NewEvent placed =
        NewEvent.newBuilder()
            .setEventId(UUID.randomUUID().toString())
            .setEventType("OrderPlaced")
            .setData(ByteString.copyFromUtf8("{\"total\":299.99}"))
            .build();
    store
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .append(
            AppendRequest.newBuilder()
                .setStream(order)
                .setExpectedVersion(ExpectedVersion.newBuilder().setNoStream(Empty.newBuilder()))
                .addEvents(placed)
                .build());

    store
        .read(ReadRequest.newBuilder().setStream(order).build())
        .forEachRemaining(
            answer ->
                answer
                    .getPage()
                    .getEventsList()
                    .forEach(
                        event ->
                            System.out.printf(
                                "%d %s %s%n",
                                event.getAggregateVersion(),
                                event.getEventType(),
                                event.getData().toStringUtf8())));
  }
}
