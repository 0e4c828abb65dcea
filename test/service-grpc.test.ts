import { describeServiceContract } from "./contract/service/suite.js";
import { grpcTransport } from "./support/client.js";

describeServiceContract({
  name: "gRPC",
  transport: grpcTransport,
  addressOf: (server) => server.grpcAddress,
});
