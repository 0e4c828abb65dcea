import { invalidArgument } from "../../domain/error.js";
import { clampPosition } from "./position.js";

const pattern = /^p1-([0-9a-z]{1,13})$/;

/** A page token: opaque to clients. A tenant's position, so it is worth nothing to another tenant. */
export function toPageToken(after: bigint): string {
  return `p1-${after.toString(36)}`;
}

/**
 * The position that a page starts after; 0 for an empty token.
 *
 * @throws AnnalsError invalid_argument for what this server never handed out
 */
export function parsePageToken(token: string, field: string): bigint {
  if (token === "") return 0n;
  const digits = pattern.exec(token)?.[1];
  if (digits === undefined) throw invalidArgument(field, "is not a page token");
  let position = 0n;
  for (const digit of digits) position = position * 36n + BigInt(parseInt(digit, 36));
  return clampPosition(position);
}
