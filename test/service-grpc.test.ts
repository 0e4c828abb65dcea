import { describeAppend } from "./contract/service/append.js";
import { describeBadInput } from "./contract/service/bad-input.js";
import { describeFollow } from "./contract/service/follow.js";
import { describeRead } from "./contract/service/read.js";
import { describeTenancy } from "./contract/service/tenancy.js";
import { grpcTransport } from "./support/client.js";

const contract = { name: "gRPC", transport: grpcTransport };
describeAppend(contract);
describeRead(contract);
describeFollow(contract);
describeTenancy(contract);
describeBadInput(contract);
