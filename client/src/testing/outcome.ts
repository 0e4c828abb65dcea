import assert from "node:assert/strict";

/** What a test says of an error: its class, its message, its properties, or a check of its own. */
export type ExpectedError =
  | RegExp
  | (new (...parameters: never) => Error)
  | Readonly<Record<string, unknown>>
  | ((error: unknown) => boolean);

/** What came of a command: what happened and the state after it, or why it was refused. */
export type Result<Event, State> =
  | { readonly ok: true; readonly events: readonly Event[]; readonly state: State }
  | { readonly ok: false; readonly error: unknown };

/**
 * What came of a command, to be checked. A check that does not hold throws an AssertionError with
 * the difference; a refusal that was not expected is thrown as it is.
 */
export class Outcome<Event, State> {
  /** @internal made by `when` */
  constructor(private readonly result: Result<Event, State>) {}

  /** Just these events, in order, by their type and data; `[]`: nothing happened. */
  thenEvents(expected: readonly Event[]): this {
    assert.deepEqual(this.#success().events.map(essence), expected.map(essence));
    return this;
  }

  /** The state that it ends in. */
  thenState(expected: State): this {
    assert.deepEqual(this.#success().state, expected);
    return this;
  }

  /** That it was refused, with this error. */
  thenThrows(expected?: ExpectedError): this {
    const { result } = this;
    if (result.ok) {
      const names = JSON.stringify(result.events.map(nameOf));
      assert.fail(`expected a refusal, but this happened: ${names}`);
    }
    if (expected !== undefined) {
      const raise = (): never => {
        throw result.error;
      };
      assert.throws(raise, expected as RegExp);
    }
    return this;
  }

  #success(): Extract<Result<Event, State>, { ok: true }> {
    if (!this.result.ok) throw this.result.error;
    return this.result;
  }
}

/** What a test means by an event: its id and times are different each time. */
function essence(event: unknown): unknown {
  if (!isEvent(event)) return event;
  const { eventType, aggregateType, data } = event;
  return { eventType, aggregateType, data };
}

function nameOf(event: unknown): unknown {
  return isEvent(event) ? event.eventType : event;
}

function isEvent(
  event: unknown,
): event is { readonly eventType: string; readonly aggregateType: string; readonly data: unknown } {
  return typeof event === "object" && event !== null && "eventType" in event && "data" in event;
}
