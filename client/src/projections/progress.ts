import type { DomainEvent } from "../events/domain-event.js";
import { beginning, formatPlace, orderOf, type Place } from "./place.js";

/** How far a projection came: what is done, and what of it the store has. */
export class Progress {
  #place: Place = beginning;
  #written: Place = beginning;
  #lastHandledAt: Date | undefined;

  get place(): Place {
    return this.#place;
  }

  /** The place that was written last. */
  get written(): Place {
    return this.#written;
  }

  get lastHandledAt(): Date | undefined {
    return this.#lastHandledAt;
  }

  /** How many events are not done, when the log ends there. Filters pass over some. */
  behind(end: Place): bigint {
    const { through, cursor } = this.#place;
    const isRead = end.cursor !== "" && cursor === end.cursor;
    return isRead || through > end.through ? 0n : end.through - through;
  }

  startAt(place: Place): void {
    this.#place = this.#written = place;
  }

  isOpen(event: Parameters<typeof orderOf>[0]): boolean {
    return orderOf(event) > this.#place.through;
  }

  /** The place once an event is done. */
  placeAfter(event: DomainEvent): Place {
    return { through: orderOf(event), cursor: this.#place.cursor };
  }

  onWritten(place: Place): void {
    if (place.through > this.#place.through) this.#lastHandledAt = new Date();
    this.#place = this.#written = place;
  }

  /**
   * A page is done, and where it ends is known.
   *
   * @returns the place to write; undefined when it is written already
   */
  endPage(resumeFrom: bigint | string): Place | undefined {
    if (typeof resumeFrom === "string") this.#place = { ...this.#place, cursor: resumeFrom };
    else if (resumeFrom > this.#place.through) this.#place = { through: resumeFrom, cursor: "" };
    return formatPlace(this.#place) === formatPlace(this.#written) ? undefined : this.#place;
  }
}
