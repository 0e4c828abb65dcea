import { type RecordedEvent, sizeOfEvent } from "../domain/event.js";
import type { PageBounds } from "./store.js";

/** Collects a page: full once an event reaches one of its bounds. */
export class PageBuilder {
  readonly events: RecordedEvent[] = [];
  #bytes = 0;

  constructor(private readonly bounds: PageBounds) {}

  get full(): boolean {
    return this.events.length >= this.bounds.maxEvents || this.#bytes >= this.bounds.maxBytes;
  }

  add(event: RecordedEvent): void {
    this.events.push(event);
    this.#bytes += sizeOfEvent(event);
  }
}
