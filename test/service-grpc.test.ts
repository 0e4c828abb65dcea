import { describeAppend } from "./contract/service/append.js";
import { describeRead } from "./contract/service/read.js";
import { grpcTransport } from "./support/client.js";

const contract = { name: "gRPC", transport: grpcTransport };
describeAppend(contract);
describeRead(contract);
