import { describeServiceContract } from "./contract/service/suite.js";
import { grpcWebTransport } from "./support/client.js";

describeServiceContract({
  name: "gRPC-Web",
  transport: grpcWebTransport,
  addressOf: (server) => server.httpAddress!,
});
