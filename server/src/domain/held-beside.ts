/**
 * What is known of an object beside what it says itself, held for as long as the object is. A WeakMap would do the
 * same and cost more: the young generation takes its values for alive, and what they name with them,
 * until the next full collection.
 */
export class HeldBeside<Key extends object, Value> {
  readonly #property = Symbol();

  get(key: Key): Value | undefined {
    return (key as Readonly<Record<symbol, Value | undefined>>)[this.#property];
  }

  /** Once for each object. @returns the value */
  set(key: Key, value: Value): Value {
    Object.defineProperty(key, this.#property, { value });
    return value;
  }
}
