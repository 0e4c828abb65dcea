import type { DomainEvent } from "./domain-event.js";

/**
 * The name of an event that no definition names, for the compiler: a form that no name can have, so
 * that comparing with a defined name tells the two apart. It is a string like any other.
 */
export type UnknownEventType = `${string}\n`;

/**
 * What a reader does with an event that no definition of the client names.
 *
 * - `json`: its data is what its JSON says, or its bytes where it is not JSON.
 * - `fail`: throws `unknown_event_type` in its place.
 * - `skip`: passes it over; the place to resume from moves on.
 * - `raw`: its data is its bytes, with its content type.
 */
export type UnknownEvents = "json" | "fail" | "skip" | "raw";

/** An event that no definition names, as it is in the log. */
export interface RawEvent extends DomainEvent<UnknownEventType, Uint8Array> {
  readonly contentType: string;
}

/** What a reader gets: events that are defined, and what its choice makes of the others. */
export type EventsRead<Known extends DomainEvent, Choice extends UnknownEvents> = {
  json: Known | DomainEvent<UnknownEventType>;
  fail: Known;
  skip: Known;
  raw: Known | RawEvent;
}[Choice];
