import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";

/** Calls GetHead with headers as they are given, repeated ones too; answers the gRPC status. */
export function rawGetHead(address: string, headers: OutgoingHttpHeaders): Promise<string> {
  const session = connect(`http://${address}`);
  return new Promise<string>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/annals.v1.EventStore/GetHead",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const take = (answer: IncomingHttpHeaders): void => {
      if (answer["grpc-status"] !== undefined) resolve(String(answer["grpc-status"]));
    };
    stream.on("response", take).on("trailers", take).on("error", reject);
    stream.on("close", () => {
      reject(new Error("the stream ended without a status"));
    });
    stream.resume();
    stream.end(new Uint8Array(5));
  }).finally(() => {
    session.destroy();
  });
}
