/** Texts as short as names and ids are written faster by a loop than by the runtime, which it costs to call. */
const shortUnits = 64;

/**
 * Writes a text as UTF-8 into a buffer that has room for it: three bytes for each of its UTF-16 units.
 *
 * @returns where it ends
 */
export function writeText(buffer: Buffer, text: string, start: number): number {
  if (text.length > shortUnits) return start + buffer.write(text, start);
  let at = start;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return start + buffer.write(text, start);
    buffer[at++] = unit;
  }
  return at;
}
