import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EventPageSchema } from "@annals/proto/annals/v1/event";
import type { ReadAllResponseSchema } from "@annals/proto/annals/v1/event_store";
import type { RecordedEvent } from "../../domain/event.js";
import { toRecordedEvent } from "../codec/recorded-event.js";
import { SharedAnswer } from "../shared-answer.js";

type Page = SharedAnswer<typeof ReadAllResponseSchema>;

/** Pages of a tenant's log, and of the whole log: held for as long as their events are. */
const tenantPages = new WeakMap<readonly RecordedEvent[], Page>();
const wholePages = new WeakMap<readonly RecordedEvent[], Page>();

/** A page of a tenant's log: the same answer for all who are given the same events. */
export function tenantPage(events: readonly RecordedEvent[]): Page {
  return sharedPage(tenantPages, events, () => ({ events: events.map(toRecordedEvent) }));
}

/** A page of the whole log. @param cursor of the page's last event, or behind it */
export function wholePage(events: readonly RecordedEvent[], cursor: string): Page {
  return sharedPage(wholePages, events, () => ({
    events: events.map(toRecordedEvent),
    globalPositions: events.map((event) => event.globalPosition),
    cursor,
  }));
}

function sharedPage(
  pages: WeakMap<readonly RecordedEvent[], Page>,
  events: readonly RecordedEvent[],
  make: () => MessageInitShape<typeof EventPageSchema>,
): Page {
  let page = pages.get(events);
  if (!page) {
    page = new SharedAnswer(() => ({ answer: { case: "page", value: make() } }));
    pages.set(events, page);
  }
  return page;
}
