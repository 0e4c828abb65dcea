import { invalidArgument } from "../../domain/error.js";

const maxLeaseMs = 86_400_000;

/** @throws AnnalsError invalid_argument past a day */
export function parseLeaseMs(leaseMs: number, minimum: number): number {
  if (leaseMs >= minimum && leaseMs <= maxLeaseMs) return leaseMs;
  throw invalidArgument("lease_ms", `must be ${minimum} to 86,400,000`);
}
