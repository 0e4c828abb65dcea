import { InvalidArgumentError } from "commander";

/** A parser of an option: a number from `min` to `max`, whole unless a fraction is allowed. */
export function numberFrom(
  min: number,
  max: number,
  { fraction = false }: { fraction?: boolean } = {},
): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    const ok = value >= min && value <= max && (fraction || Number.isInteger(value));
    if (!ok) throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    return value;
  };
}
