import { invalidArgument } from "../../domain/error.js";

const prefix = "r1-";
/** A record's name has at most 1,024 bytes. */
const maxLength = prefix.length + Math.ceil((1_024 * 4) / 3);

/** A page token of a list of records: opaque to clients. */
export function toRecordPageToken(after: string): string {
  return prefix + Buffer.from(after).toString("base64url");
}

/**
 * The name that a page starts after; "" for an empty token. Who makes one up reads a list from a place of
 * its own, no more.
 *
 * @throws AnnalsError invalid_argument for what is no page token
 */
export function parseRecordPageToken(token: string): string {
  if (token === "") return "";
  const after = Buffer.from(token.slice(prefix.length), "base64url").toString();
  const canonical = toRecordPageToken(after) === token && !after.includes("\0");
  if (token.length > maxLength || after === "" || !canonical) {
    throw invalidArgument("page_token", "is not a page token");
  }
  return after;
}
