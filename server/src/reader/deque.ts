/** A list that grows at its end and shrinks at its start; what has left it is held no longer. */
export class Deque<Item> {
  #items: (Item | undefined)[] = [];
  #start = 0;

  get length(): number {
    return this.#items.length - this.#start;
  }

  /** The item at an index, 0 for the oldest; undefined outside the list. */
  at(index: number): Item | undefined {
    return index < 0 ? undefined : this.#items[this.#start + index];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the oldest item off. */
  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#start];
    this.#items[this.#start++] = undefined;
    if (this.#start > 1_000 && 2 * this.#start > this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#start = 0;
  }
}
