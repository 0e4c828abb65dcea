import { invalidArgument } from "../../domain/error.js";
import { maxLeaseMs } from "../../domain/projection.js";

/** @throws AnnalsError invalid_argument past a day */
export function parseLeaseMs(leaseMs: number, minimum: number): number {
  if (leaseMs >= minimum && leaseMs <= maxLeaseMs) return leaseMs;
  throw invalidArgument("lease_ms", `must be ${minimum} to 86,400,000`);
}
