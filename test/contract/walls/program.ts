import fc from "fast-check";
import type { ExpectedVersion } from "#server/domain/expected-version.js";
import { any, exactly, noStream, streamExists } from "../../support/store-input.js";
import { names } from "./marks.js";

export const tenantCount = 3;

/** Whose a name is: a tenant's by its number, or "shared": one that all have. */
const owner = fc.oneof(fc.nat(tenantCount - 1), fc.constant("shared" as const));
const named = fc.record({ owner, n: fc.nat(names - 1) });
const ownNamed = fc.record({ own: fc.boolean(), n: fc.nat(names - 1) });

const expected: fc.Arbitrary<ExpectedVersion> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(any) },
  fc.constantFrom(noStream, streamExists),
  fc.bigInt(0n, 4n).map(exactly),
);

const append = fc.record({
  expected,
  ids: fc.uniqueArray(fc.record({ own: fc.boolean(), n: fc.nat(9) }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ own, n }) => `${String(own)}${String(n)}`,
  }),
});

const direction = fc.constantFrom("forwards", "backwards");
const place = fc.bigInt(0n, 8n);
const schemaVersion = fc.nat(3);
const kind = <K extends string>(name: K) => fc.constant(name);

/** Something that a tenant asks, of its own or of what is another's. */
const tenantCall = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: kind("append"), stream: ownNamed, append }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("appendStream"),
      stream: ownNamed,
      appends: fc.array(append, { minLength: 1, maxLength: 3 }),
    }),
  },
  fc.record({
    kind: kind("read"),
    stream: named,
    direction,
    from: place,
    to: place,
    limit: fc.bigInt(0n, 4n),
  }),
  fc.record({ kind: kind("followStream"), n: fc.nat(names - 1) }),
  fc.record({
    kind: kind("readAll"),
    direction,
    from: place,
    limit: fc.bigInt(0n, 4n),
    typeOf: fc.option(owner, { nil: undefined }),
    tagOf: fc.option(fc.nat(tenantCount - 1), { nil: undefined }),
  }),
  fc.record({ kind: kind("follow"), from: place }),
  fc.record({
    kind: kind("byType"),
    owner,
    pageSize: fc.integer({ min: 1, max: 3 }),
    othersToken: fc.boolean(),
  }),
  fc.record({ kind: kind("getEvent"), owner, n: fc.nat(9) }),
  fc.record({ kind: kind("getStream"), stream: named }),
  fc.record({ kind: kind("getHead") }),
  fc.record({
    kind: kind("reachOut"),
    how: fc.constantFrom(
      "whole log",
      "whole head",
      "cursor",
      "tenant filter",
      "whole projections",
      "whole dead letters",
    ),
  }),
  fc.record({ kind: kind("saveSnapshot"), stream: named, version: place, schemaVersion }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("appendAndSave"),
      stream: ownNamed,
      append,
      version: fc.bigInt(1n, 2n),
      schemaVersion,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("getSnapshot"), stream: named }) },
  fc.record({ kind: kind("deleteSnapshot"), stream: named }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("projection"),
      named,
      how: fc.constantFrom(
        "progress",
        "give up",
        "mend",
        "lease",
        "get",
        "list",
        "letters",
        "delete",
      ),
    }),
  },
  fc.record({ kind: kind("currentTenant") }),
  fc.record({ kind: kind("serverInfo") }),
  fc.record({
    kind: kind("administer"),
    how: fc.constantFrom("list", "describe", "configure", "suspend", "resume"),
    tenant: fc.nat(tenantCount - 1),
  }),
);

const operatorCall = fc.oneof(
  fc.record({ kind: kind("readWhole"), direction, ofTenants: fc.subarray([0, 1, 2]) }),
  fc.record({ kind: kind("wholeHead") }),
  fc.record({ kind: kind("followWhole") }),
  fc.record({ kind: kind("actAsTenant") }),
  fc.record({ kind: kind("configure"), tenant: fc.nat(tenantCount - 1), n: fc.nat(9) }),
  fc.record({ kind: kind("describe"), tenant: fc.nat(tenantCount - 1) }),
  fc.record({ kind: kind("list") }),
  fc.record({ kind: kind("projections") }),
  fc.record({ kind: kind("suspendBystander"), resume: fc.boolean() }),
);

/** What the tenants and two operators ask, each one call after the other, all at the same time. */
export const program = fc.record({
  tenants: fc.tuple(
    ...Array.from({ length: tenantCount }, () => fc.array(tenantCall, { maxLength: 12 })),
  ),
  operators: fc.tuple(
    fc.array(operatorCall, { maxLength: 5 }),
    fc.array(operatorCall, { maxLength: 5 }),
  ),
});

type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never;
export type Program = Generated<typeof program>;
export type TenantCall = Generated<typeof tenantCall>;
export type OperatorCall = Generated<typeof operatorCall>;
export type AppendCall = Generated<typeof append>;
export type Owner = Generated<typeof owner>;
