import { invalidArgument } from "../domain/error.js";
import type { Store } from "./store.js";

/** Cursors of the stores that have one global order hold a global position; clients do not look inside. */
const pattern = /^g1:(0|[1-9][0-9]{0,18})$/;
const highest = 2n ** 63n - 1n;

/** What is the same in every store of one global order: the part of the port about its places. */
export const globalPlaces: Pick<Store, "cursorOf" | "placeOf"> = {
  cursorOf: encodeCursor,
  placeOf: (cursor: string): bigint => (cursor === "" ? 0n : parseCursor(cursor)),
};

/** The cursor that marks a global position. */
export function encodeCursor(globalPosition: bigint): string {
  return Buffer.from(`g1:${globalPosition}`).toString("base64url");
}

/**
 * The global position that a cursor marks.
 *
 * @throws AnnalsError invalid_argument for anything that encodeCursor never made
 */
export function parseCursor(cursor: string): bigint {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const digits = pattern.exec(text)?.[1];
  const position = digits === undefined ? highest + 1n : BigInt(digits);
  if (position > highest || encodeCursor(position) !== cursor) {
    throw invalidArgument("cursor", "is not a cursor of this store");
  }
  return position;
}
