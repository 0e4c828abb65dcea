import { type AnnalsErrorOf, type ErrorCode, isAnnalsError } from "@annals/client";
import { expect } from "vitest";

/** The error of a certain code that something throws or rejects with; the test fails if it does not. */
export async function failureOf<Code extends ErrorCode>(
  run: () => unknown,
  code: Code,
): Promise<AnnalsErrorOf<Code>> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    if (isAnnalsError(error, code)) return error;
    throw error;
  }
  return expect.fail(`expected ${code}, got ${String(result)}`);
}
