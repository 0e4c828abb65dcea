import { PageBuilder } from "../page-builder.js";
import type { StreamPage, StreamQuery } from "../store.js";
import { keyOf, type MemoryState } from "./state.js";

export function readStream(state: MemoryState, query: StreamQuery): StreamPage {
  const stream = state.tenants.get(query.tenantId)?.streams.get(keyOf(query.stream)) ?? [];
  const lowest = query.fromVersion > 1n ? query.fromVersion : 1n;
  const length = BigInt(stream.length);
  const highest = query.toVersion < length ? query.toVersion : length;
  const forwards = query.direction === "forwards";
  const page = new PageBuilder(query);
  for (let left = Number(highest - lowest) + 1, i = 0; i < left; i++) {
    if (page.full) return { events: page.events, atEnd: false };
    const version = forwards ? Number(lowest) + i : Number(highest) - i;
    const event = stream[version - 1];
    if (event) page.add(event);
  }
  return { events: page.events, atEnd: true };
}
