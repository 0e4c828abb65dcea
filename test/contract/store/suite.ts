import { describe } from "vitest";
import { describeAppend } from "./append.js";
import { describeFilter } from "./filter.js";
import { describeGrowth } from "./growth.js";
import { describeHostileNames } from "./hostile-names.js";
import { describeIdempotency } from "./idempotency.js";
import { describeLog } from "./log.js";
import { describeProperties } from "./properties.js";
import { describeRaces } from "./races.js";
import { describeReadStream } from "./read-stream.js";
import { describeRecords } from "./records.js";
import { describeTenancy } from "./tenancy.js";
import type { StoreContract } from "./theme.js";
import { describeUsage } from "./usage.js";
import { describeWholeLog } from "./whole-log.js";

/** What every store must do: the port of server/src/store/store.ts, as tests. */
export function describeStoreContract(contract: StoreContract): void {
  describe(`${contract.name} store`, () => {
    describeAppend(contract);
    describeIdempotency(contract);
    describeReadStream(contract);
    describeLog(contract);
    describeWholeLog(contract);
    describeFilter(contract);
    describeTenancy(contract);
    describeHostileNames(contract);
    describeRaces(contract);
    describeGrowth(contract);
    describeRecords(contract);
    describeUsage(contract);
    describeProperties(contract);
  });
}
