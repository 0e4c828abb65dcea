import {
  type AnnalsErrorOf,
  type DomainEvent,
  type ErrorCode,
  isAnnalsError,
} from "@annals/client";
import { expect, expectTypeOf, test } from "vitest";

test("an error's code narrows its details, asked for or switched over", () => {
  const check = (error: unknown): void => {
    if (isAnnalsError(error, "version_conflict")) {
      expectTypeOf(error.details.actualVersion).toEqualTypeOf<bigint>();
    }
    if (!isAnnalsError(error)) return;
    expectTypeOf(error).toEqualTypeOf<AnnalsErrorOf<ErrorCode>>();
    switch (error.code) {
      case "unreadable_event":
        expectTypeOf(error.details.position).toEqualTypeOf<bigint>();
        break;
      case "limit_exceeded":
        expectTypeOf(error.details.limit).toEqualTypeOf<string>();
        break;
      default:
        expectTypeOf(error.details).not.toHaveProperty("position");
    }
  };
  expect(() => {
    check(undefined);
  }).not.toThrow();
});

test("positions are bigints, and the data of an event of no known kind is unknown", () => {
  expectTypeOf<DomainEvent["position"]>().toEqualTypeOf<bigint>();
  expectTypeOf<DomainEvent["globalPosition"]>().toEqualTypeOf<bigint | undefined>();
  expectTypeOf<DomainEvent["data"]>().toEqualTypeOf<unknown>();
});
