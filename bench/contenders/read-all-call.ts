/** Path of the call that reads a log. */
export const readAllPath = "/annals.v1.EventStore/ReadAll";

/** Where its answers hold their events: field 1 of field 2, the page. */
export const readAllEventsAt: readonly number[] = [2, 1];
