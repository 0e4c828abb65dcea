/**
 * The JSON of a value, of which nothing is lost: what JSON would drop or turn into something else
 * is refused. A value's own toJSON (a Date's) is what it wants to be; a property that is undefined
 * is the same as none.
 *
 * @throws TypeError which says what cannot be JSON
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value, refuseLoss) as string | undefined;
  if (json === undefined) throw new TypeError("undefined is not JSON");
  return json;
}

function refuseLoss(this: unknown, key: string, value: unknown): unknown {
  const loss = lossOf(this, key, value);
  if (loss === undefined) return value;
  throw new TypeError(
    `${key === "" ? "the data" : JSON.stringify(key)} is ${loss}, which is not JSON`,
  );
}

function lossOf(holder: unknown, key: string, value: unknown): string | undefined {
  switch (typeof value) {
    case "bigint":
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    case "number":
      return Number.isFinite(value) ? undefined : String(value);
    case "undefined":
      return Array.isArray(holder) ? "undefined" : undefined;
    case "object":
      if (value === null) {
        return (holder as Record<string, unknown>)[key] === null ? undefined : "an invalid Date";
      }
      if (Array.isArray(value)) return undefined;
      return Object.prototype.toString.call(value) === "[object Object]"
        ? undefined
        : `a ${value.constructor.name}`;
    default:
      return undefined;
  }
}
