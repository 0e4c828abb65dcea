import { Server, ServerCredentials } from "@grpc/grpc-js";

// The least that a unary call costs on the server's stack: bytes in, no bytes out, nothing done.

const [path = ""] = process.argv.slice(2);
const nothing = Buffer.alloc(0);
const asIs = (bytes: Buffer): Buffer => bytes;

const server = new Server({ "grpc.max_concurrent_streams": 1_000 });
server.addService(
  {
    empty: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  {
    empty: (_call: unknown, callback: (error: null, answer: Buffer) => void) => {
      callback(null, nothing);
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(JSON.stringify({ msg: "listening", grpcAddress: `127.0.0.1:${port}` }));
});
process.on("SIGTERM", () => {
  server.forceShutdown();
});
