import { describeServiceContract } from "./contract/service/suite.js";
import { connectTransport } from "./support/client.js";

describeServiceContract({
  name: "Connect",
  transport: connectTransport,
  addressOf: (server) => server.httpAddress!,
});
