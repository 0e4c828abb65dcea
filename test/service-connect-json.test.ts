import { describeServiceContract } from "./contract/service/suite.js";
import { connectJsonTransport } from "./support/client.js";

describeServiceContract({
  name: "Connect JSON",
  transport: connectJsonTransport,
  addressOf: (server) => server.httpAddress!,
  json: true,
});
