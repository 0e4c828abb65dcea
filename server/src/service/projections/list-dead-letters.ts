import type { DeadLetter, ProjectionOwner } from "../../domain/projection.js";
import type { ReadOptions } from "../../store/store.js";
import type { ServiceContext } from "../context.js";
import { deadLettersOf, decodeDeadLetter } from "./dead-letter-record.js";
import { listRecords, type Page } from "./list-records.js";

/** One page of a projection's dead letters, from where the page before ended; "" for the first. */
export function listDeadLetters(
  context: ServiceContext,
  projection: { readonly owner: ProjectionOwner; readonly name: string },
  after: string,
  maxRecords: number,
  options?: ReadOptions,
): Promise<Page<DeadLetter>> {
  const { owner, name } = projection;
  const query = { owner, collection: deadLettersOf(name), after, maxRecords };
  return listRecords(context, query, ({ value }) => decodeDeadLetter(value), options);
}
