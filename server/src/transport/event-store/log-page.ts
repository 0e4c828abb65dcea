import type { ReadAllResponseSchema } from "@annals/proto/annals/v1/event_store";
import type { RecordedEvent } from "../../domain/event.js";
import { HeldBeside } from "../../domain/held-beside.js";
import { encodePageAnswer } from "../codec/encode-page.js";
import { toRecordedEvent } from "../codec/recorded-event.js";
import { SharedAnswer } from "../shared-answer.js";

type Page = SharedAnswer<typeof ReadAllResponseSchema>;

/** Pages of a tenant's log, and of the whole log: held for as long as their events are. */
const tenantPages = new HeldBeside<readonly RecordedEvent[], Page>();
const wholePages = new HeldBeside<readonly RecordedEvent[], Page>();

/** A page of a tenant's log: the same answer for all who are given the same events. */
export function tenantPage(events: readonly RecordedEvent[]): Page {
  return tenantPages.get(events) ?? tenantPages.set(events, newTenantPage(events));
}

function newTenantPage(events: readonly RecordedEvent[]): Page {
  return new SharedAnswer(
    () => ({ answer: { case: "page", value: { events: events.map(toRecordedEvent) } } }),
    () => encodePageAnswer(events),
  );
}

/** A page of the whole log. @param cursor of the page's last event, or behind it */
export function wholePage(events: readonly RecordedEvent[], cursor: string): Page {
  return wholePages.get(events) ?? wholePages.set(events, newWholePage(events, cursor));
}

function newWholePage(events: readonly RecordedEvent[], cursor: string): Page {
  const globalPositions = events.map((event) => event.globalPosition);
  return new SharedAnswer(
    () => ({
      answer: {
        case: "page",
        value: { events: events.map(toRecordedEvent), globalPositions, cursor },
      },
    }),
    () => encodePageAnswer(events, { globalPositions, cursor }),
  );
}
