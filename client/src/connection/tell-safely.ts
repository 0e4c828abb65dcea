/** Tells whoever listens, if anyone does. What that throws must not end what is told of. */
export function tellSafely<T>(listener: ((told: T) => void) | undefined, told: T): void {
  try {
    listener?.(told);
  } catch {
    // Nobody to tell.
  }
}
