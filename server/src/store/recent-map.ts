/**
 * A map of what was set last: between `kept` and twice as many entries. It forgets half of them at a
 * time; forgetting one by one is dear, for a Map looks for its first key past all that were deleted.
 */
export class RecentMap<Value> {
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  constructor(private readonly kept: number) {}

  get(key: string): Value | undefined {
    return this.#recent.get(key) ?? this.#older.get(key);
  }

  set(key: string, value: Value): void {
    this.#recent.set(key, value);
    if (this.#recent.size < this.kept) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }

  /** What is set, the latest value of a key last. */
  *entries(): IterableIterator<[string, Value]> {
    yield* this.#older;
    yield* this.#recent;
  }
}
