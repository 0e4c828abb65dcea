import { isDeepStrictEqual } from "node:util";

/** Says where and why a value does not match what is expected (README, "Matching"); undefined: it does. */
export function mismatch(expected: unknown, actual: unknown, path = "answer"): string | undefined {
  const fault = `${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
  if (expected === "<absent>") return actual === undefined ? undefined : fault;
  if (actual === undefined) return isDefault(expected) ? undefined : fault;
  if (expected === "<any>") return undefined;
  if (expected === "<time>") {
    return typeof actual === "string" && !Number.isNaN(Date.parse(actual)) ? undefined : fault;
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return fault;
    return firstOf(expected.map((item, i) => mismatch(item, actual[i], `${path}[${i}]`)));
  }
  if (typeof expected === "object" && expected !== null) {
    if (typeof actual !== "object" || actual === null) return fault;
    const fields = Object.entries(expected);
    const found = new Map(Object.entries(actual));
    return firstOf(
      fields.map(([name, value]) => mismatch(value, found.get(name), `${path}.${name}`)),
    );
  }
  return expected === actual ? undefined : fault;
}

/** What proto3 JSON leaves out. */
function isDefault(value: unknown): boolean {
  return [0, "0", "", false, [], {}].some((omitted) => isDeepStrictEqual(omitted, value));
}

function firstOf(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find((fault) => fault !== undefined);
}
