import { any, noStream } from "../../support/store-input.js";
import type { Program } from "./program.js";

const own = { owner: 0, n: 0 } as const;
const shared = { owner: "shared", n: 0 } as const;
const stream = { own: true, n: 0 } as const;
const appendOf = (n: number) => ({ expected: any, ids: [{ own: true, n }] });
const projection = { kind: "projection", named: shared } as const;
const administer = { kind: "administer", tenant: 1 } as const;

/** Every call there is, once: the first program that is run, however few of those drawn there is time for. */
export const everyCall: Program = {
  tenants: [
    [
      { kind: "append", stream, append: { ...appendOf(0), expected: noStream } },
      { kind: "appendStream", stream, appends: [appendOf(1), appendOf(2)] },
      { kind: "read", stream: own, direction: "forwards", from: 0n, to: 8n, limit: 4n },
      { kind: "followStream", n: 0 },
      {
        ...{ kind: "readAll", direction: "forwards", from: 0n, limit: 4n },
        ...{ typeOf: undefined, tagOf: undefined },
      },
      { kind: "follow", from: 0n },
      { kind: "byType", owner: 0, pageSize: 1, othersToken: false },
      { kind: "getEvent", owner: 0, n: 0 },
      { kind: "getStream", stream: own },
      { kind: "getHead" },
      { kind: "reachOut", how: "whole log" },
      { kind: "saveSnapshot", stream: own, version: 1n, schemaVersion: 1 },
      { kind: "getSnapshot", stream: own },
      { kind: "deleteSnapshot", stream: own },
      { kind: "currentTenant" },
      { kind: "serverInfo" },
    ],
    [
      { ...projection, how: "progress" },
      { ...projection, how: "give up" },
      { ...projection, how: "letters" },
      { ...projection, how: "mend" },
      { ...projection, how: "lease" },
      { ...projection, how: "get" },
      { ...projection, how: "list" },
      { ...projection, how: "delete" },
    ],
    [
      { ...administer, how: "list" },
      { ...administer, how: "describe" },
      { ...administer, how: "configure" },
      { ...administer, how: "suspend" },
      { ...administer, how: "resume" },
    ],
  ],
  operators: [
    [
      { kind: "readWhole", direction: "forwards", ofTenants: [] },
      { kind: "wholeHead" },
      { kind: "followWhole" },
      { kind: "actAsTenant" },
      { kind: "projections" },
    ],
    [
      { kind: "configure", tenant: 0, n: 0 },
      { kind: "describe", tenant: 0 },
      { kind: "list" },
      { kind: "suspendBystander", resume: false },
      { kind: "suspendBystander", resume: true },
    ],
  ],
};
