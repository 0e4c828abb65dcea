import { invalidArgument } from "../../domain/error.js";
import type { Exchange } from "./exchange.js";

/** Milliseconds in the units of grpc-timeout. */
const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Headers that say how long the caller waits. */
export const timeoutHeaders = ["grpc-timeout", "connect-timeout-ms"] as const;

/**
 * How long the caller waits, in milliseconds; undefined: it does not say.
 *
 * @throws AnnalsError invalid_argument for a header that says it wrongly
 */
export function parseTimeout({ header }: Exchange): number | undefined {
  for (const name of timeoutHeaders) {
    const [value, ...more] = header(name);
    if (value === undefined) continue;
    const [, digits, unit] =
      (name === "grpc-timeout" ? /^(\d{1,8})([HMSmun])$/ : /^(\d{1,10})()$/).exec(value) ?? [];
    if (digits === undefined || more.length > 0) throw invalidArgument(name, "is not a timeout");
    return Number(digits) * (unitMs[unit ?? ""] ?? 1);
  }
  return undefined;
}
