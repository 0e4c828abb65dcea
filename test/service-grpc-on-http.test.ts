import { describeServiceContract } from "./contract/service/suite.js";
import { grpcTransport } from "./support/client.js";

describeServiceContract({
  name: "gRPC on the HTTP port",
  transport: grpcTransport,
  addressOf: (server) => server.httpAddress!,
});
