import type { ReadAllResponseSchema } from "@annals/proto/annals/v1/event_store";
import type { RecordedEvent } from "../../domain/event.js";
import { encodePageAnswer } from "../codec/encode-page.js";
import { toRecordedEvent } from "../codec/recorded-event.js";
import { SharedAnswer } from "../shared-answer.js";

type Page = SharedAnswer<typeof ReadAllResponseSchema>;

/** Pages of a tenant's log, and of the whole log: held for as long as their events are. */
const tenantPages = new WeakMap<readonly RecordedEvent[], Page>();
const wholePages = new WeakMap<readonly RecordedEvent[], Page>();

/** A page of a tenant's log: the same answer for all who are given the same events. */
export function tenantPage(events: readonly RecordedEvent[]): Page {
  let page = tenantPages.get(events);
  if (!page) {
    page = new SharedAnswer(
      () => ({ answer: { case: "page", value: { events: events.map(toRecordedEvent) } } }),
      () => encodePageAnswer(events),
    );
    tenantPages.set(events, page);
  }
  return page;
}

/** A page of the whole log. @param cursor of the page's last event, or behind it */
export function wholePage(events: readonly RecordedEvent[], cursor: string): Page {
  let page = wholePages.get(events);
  if (!page) {
    const globalPositions = events.map((event) => event.globalPosition);
    page = new SharedAnswer(
      () => ({
        answer: {
          case: "page",
          value: { events: events.map(toRecordedEvent), globalPositions, cursor },
        },
      }),
      () => encodePageAnswer(events, { globalPositions, cursor }),
    );
    wholePages.set(events, page);
  }
  return page;
}
