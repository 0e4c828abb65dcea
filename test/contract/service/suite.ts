import { describeAppend } from "./append.js";
import { describeBadInput } from "./bad-input.js";
import type { ServiceContract } from "./contract.js";
import { describeFollow } from "./follow.js";
import { describeProjections } from "./projections.js";
import { describeRead } from "./read.js";
import { describeSnapshots } from "./snapshots.js";
import { describeTenancy } from "./tenancy.js";
import { describeTenants } from "./tenants.js";

/** What the service promises, whatever it is called by. */
export function describeServiceContract(contract: ServiceContract): void {
  describeAppend(contract);
  describeRead(contract);
  describeFollow(contract);
  describeTenancy(contract);
  describeSnapshots(contract);
  describeProjections(contract);
  describeTenants(contract);
  describeBadInput(contract);
}
