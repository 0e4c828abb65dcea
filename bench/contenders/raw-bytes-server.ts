import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";

// The least that pages cost on the server's stack: the same bytes again and again.

const [path = "", pages = "1", pageBytes = "1"] = process.argv.slice(2);
const page = pageOf(Number(pageBytes));
const asIs = (bytes: Buffer): Buffer => bytes;

const server = new Server();
server.addService(
  {
    raw: {
      path,
      requestStream: false,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  {
    raw: (call: ServerWritableStream<Buffer, Buffer>) => {
      let left = Number(pages);
      const write = (): void => {
        while (left > 0) {
          left--;
          if (!call.write(page)) {
            call.once("drain", write);
            return;
          }
        }
        call.end();
      };
      write();
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

/** One field that a reader skips. */
function pageOf(bytes: number): Buffer {
  const head = [122]; // field 15, length-delimited
  for (let rest = bytes; ; rest = Math.floor(rest / 128)) {
    head.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, 120)]);
}
